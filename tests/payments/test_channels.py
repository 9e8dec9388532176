"""Payment channels: what can be set up, by whom, and what is kept secret (PAY-01…03)."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AuditEntry, Tenant, User
from cmp.lib import crypto
from payments import queries
from payments.actions import channels
from payments.actions.channels import (
    AddressNotAllowed,
    ChannelInUse,
    ChannelNameTaken,
    PhraseMissing,
    PhrasesAreEqual,
    ReturnUrlElsewhere,
)
from payments.models import PaymentChannel, Recharge
from tests.factories import payments as make
from tests.factories.payments import NOON, answer, declined, deliver, details
from tests.payments import gateway_fake

pytestmark = pytest.mark.django_db


def test_an_added_channel_is_offered_and_audited(acme: Tenant, tina: User) -> None:
    channel = make.make_channel(tina, acme)

    entry = AuditEntry.objects.get(verb="payment_channel.added")
    assert list(queries.channels_for(acme.pk)) == [channel]
    assert (entry.actor, entry.tenant_id) == (tina, acme.pk)
    assert entry.subject == f"payment_channel:{channel.pk}"
    assert entry.after["name"] == "Card through PayFort"


def test_phrases_are_stored_encrypted_and_shown_nowhere(acme: Tenant, tina: User) -> None:
    channel = make.make_channel(tina, acme)

    stored = str(PaymentChannel.objects.filter(pk=channel.pk).values().get())
    audited = str(list(AuditEntry.objects.values()))
    for phrase in (gateway_fake.REQUEST_PHRASE, gateway_fake.RESPONSE_PHRASE):
        assert phrase not in stored
        assert phrase not in audited
        assert phrase not in repr(channel.credentials())
        assert phrase not in repr(details())
    assert channel.credentials().request_phrase == gateway_fake.REQUEST_PHRASE
    assert channel.credentials().response_phrase == gateway_fake.RESPONSE_PHRASE


def test_phrases_keep_their_blanks_and_symbols(acme: Tenant, tina: User) -> None:
    phrase = "  $2y$10$<&>’ "

    channel = make.make_channel(tina, acme, request_phrase=phrase)

    assert channel.credentials().request_phrase == phrase


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"request_phrase": ""}, PhraseMissing),
        ({"response_phrase": ""}, PhraseMissing),
        ({"response_phrase": "   "}, PhraseMissing),
        ({"request_phrase": "same", "response_phrase": "same"}, PhrasesAreEqual),
        ({"address": "https://evil.test/FortAPI/paymentPage"}, AddressNotAllowed),
        ({"address": "http://169.254.169.254/"}, AddressNotAllowed),
        ({"return_url": "https://evil.test/"}, ReturnUrlElsewhere),
        ({"return_url": "//evil.test/"}, ReturnUrlElsewhere),
        ({"return_url": "javascript:alert(1)"}, ReturnUrlElsewhere),
        ({"return_url": "http://127.0.0.1:8000@evil.test/"}, ReturnUrlElsewhere),
        ({"return_url": "http://127.0.0.1:8000/pay/1/return"}, ReturnUrlElsewhere),
    ],
)
def test_what_would_not_be_safe_is_refused(
    change: dict[str, Any], refusal: type[Exception], acme: Tenant, tina: User
) -> None:
    with pytest.raises(refusal):
        make.make_channel(tina, acme, **change)

    assert PaymentChannel.objects.count() == 0
    assert AuditEntry.objects.filter(verb="payment_channel.added").count() == 0


def test_a_name_is_unique_in_its_tenant(acme: Tenant, globex: Tenant, sam: User) -> None:
    make.make_channel(sam, acme)
    make.make_channel(sam, globex)
    make.make_channel(sam)

    for tenant in (acme, globex, None):
        with pytest.raises(ChannelNameTaken, match="with this name already"):
            make.make_channel(sam, tenant, name="card THROUGH payfort")

    assert PaymentChannel.objects.count() == 3


def test_an_empty_phrase_keeps_the_old_one(channel: PaymentChannel, tina: User) -> None:
    channels.edit(
        actor=tina,
        channel_id=channel.pk,
        details=details(name="Renamed", request_phrase="", response_phrase=""),
        at=NOON,
    )

    channel.refresh_from_db()
    assert channel.name == "Renamed"
    assert channel.credentials().request_phrase == gateway_fake.REQUEST_PHRASE
    entry = AuditEntry.objects.get(verb="payment_channel.edited")
    assert entry.before["name"] == "Card through PayFort"
    assert entry.after["name"] == "Renamed"
    assert entry.after["phrases_renewed"] is False


def test_a_new_phrase_must_differ_from_the_other_that_stays(
    channel: PaymentChannel, tina: User
) -> None:
    with pytest.raises(PhrasesAreEqual):
        channels.edit(
            actor=tina,
            channel_id=channel.pk,
            details=details(request_phrase=gateway_fake.RESPONSE_PHRASE),
            at=NOON,
        )

    channel.refresh_from_db()
    assert channel.credentials().request_phrase == gateway_fake.REQUEST_PHRASE


def test_secrets_outlive_a_rotation_of_keys(channel: PaymentChannel, settings: Any) -> None:
    from cryptography.fernet import Fernet

    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    channel.request_phrase_cipher = crypto.reencrypt(channel.request_phrase_cipher)
    channel.save(update_fields=["request_phrase_cipher"])

    assert channel.credentials().request_phrase == gateway_fake.REQUEST_PHRASE
    assert channel.credentials().response_phrase == gateway_fake.RESPONSE_PHRASE


def test_a_disabled_channel_is_not_offered_but_still_ends_what_it_began(
    recharge: Recharge, channel: PaymentChannel, acme: Tenant, tina: User
) -> None:
    channels.disable(actor=tina, channel_id=channel.pk, at=NOON)

    assert list(queries.channels_for(acme.pk)) == []
    deliver(channel, answer(recharge))
    recharge.refresh_from_db()
    assert recharge.is_paid

    channels.enable(actor=tina, channel_id=channel.pk, at=NOON)
    assert list(queries.channels_for(acme.pk)) == [channel]


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_channel_with_unfinished_recharges_cannot_be_deleted(
    is_sent: bool, alice: User, acme_account: Any, channel: PaymentChannel, tina: User
) -> None:
    make.start_recharge(alice, acme_account, channel, is_sent=is_sent)

    with pytest.raises(ChannelInUse, match="Disable it"):
        channels.delete(actor=tina, channel_id=channel.pk, at=NOON)

    channel.refresh_from_db()
    assert not channel.is_deleted
    assert AuditEntry.objects.filter(verb="payment_channel.deleted").count() == 0


def test_a_channel_with_a_recharge_in_review_cannot_be_deleted(
    recharge: Recharge, channel: PaymentChannel, tina: User
) -> None:
    deliver(channel, answer(recharge, amount="1"))

    with pytest.raises(ChannelInUse):
        channels.delete(actor=tina, channel_id=channel.pk, at=NOON)


def test_a_finished_channel_is_deleted_softly_and_frees_its_name(
    recharge: Recharge, channel: PaymentChannel, acme: Tenant, tina: User
) -> None:
    deliver(channel, declined(recharge))

    channels.delete(actor=tina, channel_id=channel.pk, at=NOON)

    recharge.refresh_from_db()
    assert recharge.channel.is_deleted
    assert list(queries.channels_for(acme.pk)) == []
    assert AuditEntry.objects.get(verb="payment_channel.deleted").after == {}
    make.make_channel(tina, acme)


@pytest.mark.parametrize("persona", ["alice", "bob", "mia", "charlie"])
def test_only_administrators_touch_channels(
    persona: str, request: Any, channel: PaymentChannel, acme: Tenant
) -> None:
    actor = request.getfixturevalue(persona)

    for attempt in (
        lambda: make.make_channel(actor, acme, name="Mine"),
        lambda: channels.edit(
            actor=actor, channel_id=channel.pk, details=details(name="Mine"), at=NOON
        ),
        lambda: channels.disable(actor=actor, channel_id=channel.pk, at=NOON),
        lambda: channels.delete(actor=actor, channel_id=channel.pk, at=NOON),
    ):
        with pytest.raises(PermissionDenied):
            attempt()

    channel.refresh_from_db()
    assert channel.is_active
    assert PaymentChannel.objects.count() == 1


def test_a_tenant_administrator_keeps_to_the_own_tenant(
    tina: User, globex: Tenant, sam: User
) -> None:
    theirs = make.make_channel(sam, globex)
    everybodys = make.make_channel(sam)

    for tenant in (globex, None):
        with pytest.raises(PermissionDenied):
            make.make_channel(tina, tenant, name="Mine")
    for other in (theirs, everybodys):
        with pytest.raises(PermissionDenied):
            channels.disable(actor=tina, channel_id=other.pk, at=NOON)


def test_a_platform_wide_channel_serves_every_tenant(
    sam: User, acme: Tenant, globex: Tenant, channel: PaymentChannel
) -> None:
    everybodys = make.make_channel(sam, name="Everybody's")

    assert list(queries.channels_for(acme.pk)) == [channel, everybodys]
    assert list(queries.channels_for(globex.pk)) == [everybodys]
