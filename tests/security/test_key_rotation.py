"""F73: keys are changed while people work; old and new hold for the overlap."""

import json
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Tenant, User
from cmp.lib import crypto
from payments.models import PaymentChannel
from tests.factories import payments as make
from tests.payments import gateway_fake
from tests.security.conftest import LogIn

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def channel(acme: Tenant, tina: User, settings: Settings) -> PaymentChannel:
    settings.PAYMENT_GATEWAY_HOSTS = [make.GATEWAY_ORIGIN]
    return make.make_channel(tina, acme)


@pytest.fixture
def factor(sam: User) -> Authenticator:
    kept = {"secret": crypto.encrypt(SEED)}
    return Authenticator.objects.create(user=sam, type="totp", data=kept)


def reencrypt() -> dict[str, Any]:
    out = StringIO()
    call_command("reencrypt_secrets", "--json", stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_the_old_key_can_go_after_every_secret_was_reencrypted(
    channel: PaymentChannel, factor: Authenticator, settings: Settings
) -> None:
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, old]

    told = reencrypt()

    settings.ENCRYPTION_KEYS = [new]
    channel.refresh_from_db()
    factor.refresh_from_db()
    assert told == {"channels": 1, "seeds": 1, "unreadable": []}
    assert channel.credentials().request_phrase == gateway_fake.REQUEST_PHRASE
    assert channel.credentials().response_phrase == gateway_fake.RESPONSE_PHRASE
    assert crypto.decrypt(factor.data["secret"]) == SEED


def test_a_deleted_channel_is_reencrypted_too(
    channel: PaymentChannel, settings: Settings, tina: User
) -> None:
    """A late payment may still name it."""
    from payments.actions import channels

    channels.delete(actor=tina, channel_id=channel.pk, at=make.NOON)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]

    assert reencrypt()["channels"] == 1


def test_a_secret_whose_key_is_gone_is_named_and_kept(
    channel: PaymentChannel, settings: Settings
) -> None:
    """The key may come back; the others are renewed all the same."""
    before = channel.request_phrase_cipher
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(CommandError, match=f"No key opens payment_channel:{channel.pk}"):
        call_command("reencrypt_secrets", stdout=StringIO())

    channel.refresh_from_db()
    assert channel.request_phrase_cipher == before


def test_sessions_outlive_a_new_secret_key(
    alice_with_password: User, log_in: LogIn, settings: Settings
) -> None:
    """Only while the old key stands among the fallbacks."""
    client = Client()
    log_in(client, alice_with_password.email)
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "a-new-key-" * 8
    settings.SECRET_KEY_FALLBACKS = [old]

    assert client.get(reverse("view-security")).status_code == 200


def test_sessions_end_with_a_key_that_was_given_away(
    alice_with_password: User, log_in: LogIn, settings: Settings
) -> None:
    client = Client()
    log_in(client, alice_with_password.email)

    settings.SECRET_KEY = "a-new-key-" * 8

    assert client.get(reverse("view-security")).status_code == 302
