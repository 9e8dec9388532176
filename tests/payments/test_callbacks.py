"""The two views gateways call: stored first, judged after, nothing believed (F23, F27).

Carries PAY-09.
"""

from http import HTTPStatus
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from accounts.models import Tenant, User
from funds import queries as funds
from payments.actions import channels, inbox
from payments.models import GatewayMessage, PaymentChannel, Recharge
from tests.factories import payments as make
from tests.factories.payments import NOON, answer, as_form, as_json, declined, details
from tests.payments.test_inbox import table_hashes

pytestmark = pytest.mark.django_db
JSON = "application/json;charset=UTF-8"


@pytest.fixture
def gateway() -> Client:
    """Somebody without cookies who would fail every CSRF check."""
    return Client(enforce_csrf_checks=True)


def _notice(client: Client, channel: PaymentChannel, body: bytes, kind: str = JSON) -> Any:
    return client.post(f"/pay/{channel.pk}/notice", body, content_type=kind)


def _return(client: Client, channel: PaymentChannel, fields: dict[str, str]) -> Any:
    return client.post(f"/pay/{channel.pk}/return", as_form(fields), content_type=make.FORM)


def test_a_signed_notice_credits(
    gateway: Client, recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    response = _notice(gateway, channel, as_json(answer(recharge)))

    message = GatewayMessage.objects.get()
    assert response.status_code == HTTPStatus.OK
    assert message.raw == as_json(answer(recharge))
    assert message.origin == GatewayMessage.Origin.NOTICE
    assert message.judged_verdict == GatewayMessage.Verdict.CREDITED
    assert funds.balance_of(acme_account.pk).available == recharge.money


def test_a_form_notice_credits_as_well(
    gateway: Client, recharge: Recharge, channel: PaymentChannel
) -> None:
    response = _notice(gateway, channel, as_form(answer(recharge)), make.FORM)

    recharge.refresh_from_db()
    assert response.status_code == HTTPStatus.OK
    assert recharge.is_paid


def test_the_return_credits_and_leads_to_the_recharge_page(
    gateway: Client, recharge: Recharge, channel: PaymentChannel, acme: Tenant
) -> None:
    response = _return(gateway, channel, answer(recharge))

    recharge.refresh_from_db()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert response["Location"] == (
        f"http://127.0.0.1:8000/portal/acme/recharge/{recharge.pk}/"
    )
    assert recharge.is_paid
    assert response.cookies == {}  # no session was touched


def test_the_return_of_a_decline_leads_there_too(
    gateway: Client, recharge: Recharge, channel: PaymentChannel
) -> None:
    response = _return(gateway, channel, declined(recharge))

    recharge.refresh_from_db()
    assert response["Location"].endswith(f"/portal/acme/recharge/{recharge.pk}/")
    assert recharge.state == Recharge.State.FAILED


def test_the_return_does_not_read_or_change_a_session(
    recharge: Recharge, channel: PaymentChannel, alice: User
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    before = dict(client.session.items())

    response = _return(client, channel, answer(recharge))

    assert response.cookies == {}
    assert dict(client.session.items()) == before


def test_another_return_url_gets_the_number_of_the_recharge(
    gateway: Client, recharge: Recharge, channel: PaymentChannel, tina: User
) -> None:
    channels.edit(
        actor=tina,
        channel_id=channel.pk,
        details=details(return_url="http://127.0.0.1:8000/portal/{tenant}/transactions/"),
        at=NOON,
    )

    response = _return(gateway, channel, answer(recharge))

    assert response["Location"] == (
        f"http://127.0.0.1:8000/portal/acme/transactions/?recharge={recharge.number}"
    )


def test_a_badly_signed_notice_is_stored_and_answered_200(
    gateway: Client, recharge: Recharge, channel: PaymentChannel
) -> None:
    before = table_hashes()

    response = _notice(gateway, channel, as_json({**answer(recharge), "amount": "1"}))

    message = GatewayMessage.objects.get()
    assert response.status_code == HTTPStatus.OK
    assert message.judged_verdict == GatewayMessage.Verdict.BAD_SIGNATURE
    assert table_hashes() == before


def test_a_badly_signed_return_leads_to_a_neutral_page(
    gateway: Client, recharge: Recharge, channel: PaymentChannel
) -> None:
    before = table_hashes()

    response = _return(gateway, channel, {**answer(recharge), "amount": "1"})

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert response["Location"] == "/pay/unverified"
    assert table_hashes() == before
    page = gateway.get(response["Location"])
    assert page.status_code == HTTPStatus.OK
    assert recharge.number not in page.content.decode()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b""),
        (JSON, b"nonsense"),
        (JSON, b'{"a": {"b": "c"}}'),
        (JSON, b'{"a": "1", "a": "2"}'),
        (JSON, b"\x00\xff"),
        (make.FORM, b""),
        (make.FORM, b"nonsense"),
        (make.FORM, b"a=1&a=2"),
        (make.FORM, b"%FF=1"),
        ("", b"\x00"),
        ("text/xml", b"<a/>"),
    ],
)
def test_what_cannot_be_parsed_is_answered_400(
    kind: str, body: bytes, gateway: Client, recharge: Recharge, channel: PaymentChannel
) -> None:
    before = table_hashes()

    response = _notice(gateway, channel, body, kind)

    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert table_hashes() == before


@pytest.mark.parametrize(
    ("length", "status", "stored"),
    [(256 * 1024, 400, 1), (256 * 1024 + 1, 400, 0), (900_000, 400, 0)],
)
def test_a_body_above_256_kilobytes_is_refused_unstored(
    length: int, status: int, stored: int, gateway: Client, channel: PaymentChannel
) -> None:
    response = _notice(gateway, channel, b"a" * length)

    assert response.status_code == status
    assert GatewayMessage.objects.count() == stored


def test_a_message_that_cannot_be_stored_is_asked_for_again(
    gateway: Client, recharge: Recharge, channel: PaymentChannel, monkeypatch: Any
) -> None:
    def fail(**_message: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(inbox, "store", fail)

    response = _notice(gateway, channel, as_json(answer(recharge)))

    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert response["Retry-After"] == "10"


def test_a_message_that_cannot_be_judged_yet_is_kept(
    gateway: Client, recharge: Recharge, channel: PaymentChannel, settings: Any
) -> None:
    from cryptography.fernet import Fernet

    keys = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    response = _notice(gateway, channel, as_json(answer(recharge)))

    message = GatewayMessage.objects.get()
    assert response.status_code == HTTPStatus.OK
    assert not message.is_judged
    settings.ENCRYPTION_KEYS = keys
    inbox.judge(message_id=message.pk, at=NOON)
    recharge.refresh_from_db()
    assert recharge.is_paid


@pytest.mark.parametrize("end", ["notice", "return"])
def test_an_unknown_channel_is_not_found(end: str, gateway: Client, db: None) -> None:
    response = gateway.post(f"/pay/999/{end}", b"a=1", content_type=make.FORM)

    assert response.status_code == HTTPStatus.NOT_FOUND
    assert GatewayMessage.objects.count() == 0


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("end", ["notice", "return"])
def test_only_post_is_taken(
    end: str, method: str, gateway: Client, channel: PaymentChannel
) -> None:
    response = getattr(gateway, method)(f"/pay/{channel.pk}/{end}")

    assert response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert GatewayMessage.objects.count() == 0


def test_the_two_callbacks_are_the_only_views_without_csrf() -> None:
    from django.urls import get_resolver

    def exempt(patterns: Any, prefix: str = "") -> list[str]:
        found = []
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                found += exempt(pattern.url_patterns, route)
            elif getattr(pattern.callback, "csrf_exempt", False):
                found.append(route)
        return found

    assert exempt(get_resolver().url_patterns) == [
        "pay/<int:channel_id>/return",
        "pay/<int:channel_id>/notice",
    ]


def test_the_callbacks_are_where_contracts_say() -> None:
    assert reverse("payments_callbacks:receive-return", args=[7]) == "/pay/7/return"
    assert reverse("payments_callbacks:receive-notice", args=[7]) == "/pay/7/notice"
