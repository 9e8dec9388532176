"""The sweep credits what neither return nor notice reported (F24…F27, F31, PAY-11)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Tenant, User
from cmp.lib import books
from cmp.lib.jobs.models import JobRun
from cmp.lib.money import Money
from funds import queries as funds
from payments.actions import inbox, status_checks
from payments.checks import BOOK_CHECKS
from payments.models import GatewayMessage, PaymentChannel, Recharge, UnplacedPayment
from payments.schedule import OFFSETS, next_check
from tests.factories import payments as make
from tests.factories.payments import NOON, answer, deliver
from tests.payments import gateway_fake
from tests.payments.gateway_fake import FakeGateway

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def channel(acme: Tenant, tina: User, fake_gateway: FakeGateway) -> PaymentChannel:
    return make.make_channel(tina, acme, address=fake_gateway.origin)


@pytest.fixture(autouse=True)
def no_call_in_a_transaction(fake_gateway: FakeGateway, monkeypatch: Any) -> None:
    """Ordinary tests run in one transaction; count the blocks we open in it instead."""
    outermost = len(connection.savepoint_ids)
    plain = FakeGateway.answer_to

    def checked(self: FakeGateway, asked: dict[str, str]) -> dict[str, str]:
        assert len(connection.savepoint_ids) <= outermost
        return plain(self, asked)

    monkeypatch.setattr(FakeGateway, "answer_to", checked)


def _sweep_until(end: datetime, *, step: timedelta = MINUTE) -> None:
    at = NOON
    while at <= end:
        status_checks.sweep(at=at)
        at += step


def _balance(recharge: Recharge) -> Money:
    return funds.balance_of(recharge.fund_account_id).available


def test_a_payment_nobody_reported_is_credited_within_two_minutes(
    recharge: Recharge, fake_gateway: FakeGateway
) -> None:
    fake_gateway.paid(recharge.merchant_reference, amount="2000", fort_id="77")

    assert status_checks.sweep(at=NOON + 30 * timedelta(seconds=1)).checked == 0
    done = status_checks.sweep(at=NOON + 2 * MINUTE)

    recharge.refresh_from_db()
    message = GatewayMessage.objects.get()
    assert (done.checked, done.credited, done.errors) == (1, 1, [])
    assert recharge.is_paid
    assert recharge.gateway_reference == "77"
    assert _balance(recharge) == recharge.money
    assert message.origin == GatewayMessage.Origin.STATUS
    assert message.asked == recharge
    assert [o for o in books.run(BOOK_CHECKS) if not o.ok] == []


def test_a_credited_recharge_is_not_asked_about_again(
    recharge: Recharge, channel: PaymentChannel, fake_gateway: FakeGateway
) -> None:
    deliver(channel, answer(recharge))

    status_checks.sweep(at=NOON + 100 * HOUR)

    assert fake_gateway.asked == []


def test_the_notice_after_the_sweep_is_a_replay(
    recharge: Recharge, channel: PaymentChannel, fake_gateway: FakeGateway
) -> None:
    fort_id = answer(recharge)["fort_id"]
    fake_gateway.paid(recharge.merchant_reference, amount="2000", fort_id=fort_id)
    status_checks.sweep(at=NOON + 2 * MINUTE)

    late = deliver(channel, answer(recharge), at=NOON + 3 * MINUTE)

    assert late.judged_verdict == GatewayMessage.Verdict.REPLAY
    assert _balance(recharge) == recharge.money
    assert [o for o in books.run(BOOK_CHECKS) if not o.ok] == []


def test_the_schedule(recharge: Recharge, fake_gateway: FakeGateway) -> None:
    """1 m, 3 m, 10 m, 30 m, 2 h, 12 h, 24 h, 72 h, each at most a tenth later."""
    fake_gateway.misbehave = _answer_pending
    asked_at = []
    at = NOON
    while at <= NOON + 80 * HOUR:
        before = len(fake_gateway.asked)
        status_checks.sweep(at=at)
        if len(fake_gateway.asked) > before:
            asked_at.append(at - NOON)
        at += MINUTE if at < NOON + HOUR else 15 * MINUTE

    assert len(asked_at) == len(OFFSETS)
    for asked, offset in zip(asked_at, OFFSETS, strict=True):
        step = MINUTE if offset < HOUR else 15 * MINUTE
        assert offset <= asked <= offset * 1.1 + step


def _answer_pending(handler: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
    import json

    fields = {
        "query_command": "CHECK_STATUS",
        "access_code": asked["access_code"],
        "merchant_identifier": asked["merchant_identifier"],
        "merchant_reference": asked["merchant_reference"],
        "status": "12",
        "response_code": "12000",
        "transaction_status": "20",
        "transaction_code": "20064",
    }
    gateway_fake.reply(handler, json.dumps(gateway_fake.signed(fields)).encode())


def test_missed_checks_are_not_caught_up(
    recharge: Recharge, fake_gateway: FakeGateway
) -> None:
    """After our own downtime one answer says it all."""
    status_checks.sweep(at=NOON + 3 * HOUR)
    status_checks.sweep(at=NOON + 3 * HOUR + MINUTE)

    recharge.refresh_from_db()
    assert len(fake_gateway.asked) == 1
    assert recharge.next_check_at is not None
    assert recharge.next_check_at >= NOON + 12 * HOUR


def test_bursts_are_spread() -> None:
    times = {next_check(n, since=NOON, at=NOON) for n in range(1, 500)}

    assert len(times) > 400
    assert min(times) >= NOON + MINUTE
    assert max(times) <= NOON + timedelta(seconds=66)


def test_only_a_not_found_after_three_days_expires(
    recharge: Recharge, fake_gateway: FakeGateway
) -> None:
    _sweep_until(NOON + 71 * HOUR, step=HOUR)
    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.REDIRECTED

    _sweep_until(NOON + 80 * HOUR, step=HOUR)

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.EXPIRED
    assert recharge.next_check_at is None
    assert _balance(recharge).is_zero


def test_silence_never_expires(recharge: Recharge, fake_gateway: FakeGateway) -> None:
    fake_gateway.misbehave = lambda handler, _: gateway_fake.reply(handler, b"", 500)

    _sweep_until(NOON + 200 * HOUR, step=HOUR)

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.REDIRECTED
    assert recharge.next_check_at is not None


def test_pending_never_expires(recharge: Recharge, fake_gateway: FakeGateway) -> None:
    fake_gateway.misbehave = _answer_pending

    _sweep_until(NOON + 200 * HOUR, step=HOUR)

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.REDIRECTED
    assert recharge.next_check_at is not None


def test_a_recharge_never_sent_expires_as_well(
    alice: User, acme_account: Any, channel: PaymentChannel
) -> None:
    recharge = make.start_recharge(alice, acme_account, channel, is_sent=False)

    _sweep_until(NOON + 80 * HOUR, step=HOUR)

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.EXPIRED


def test_a_success_days_after_the_expiry_credits_once(
    recharge: Recharge, channel: PaymentChannel, fake_gateway: FakeGateway
) -> None:
    _sweep_until(NOON + 80 * HOUR, step=HOUR)

    for _ in range(2):
        deliver(channel, answer(recharge), at=NOON + 150 * HOUR)

    recharge.refresh_from_db()
    assert recharge.is_paid
    assert _balance(recharge) == recharge.money


def test_a_decline_then_a_success_that_nobody_reported_is_credited(
    recharge: Recharge, fake_gateway: FakeGateway
) -> None:
    fake_gateway.declined(recharge.merchant_reference)
    status_checks.sweep(at=NOON + 2 * MINUTE)
    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.FAILED
    assert recharge.gateway_code == "13666"

    fake_gateway.paid(recharge.merchant_reference, amount="2000", fort_id="78")
    status_checks.sweep(at=NOON + 4 * MINUTE)

    recharge.refresh_from_db()
    assert recharge.is_paid
    assert _balance(recharge) == recharge.money


def test_a_declined_recharge_is_left_alone_after_three_days(
    recharge: Recharge, fake_gateway: FakeGateway
) -> None:
    fake_gateway.declined(recharge.merchant_reference)

    _sweep_until(NOON + 200 * HOUR, step=HOUR)

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.FAILED
    assert recharge.next_check_at is None


def test_another_captured_amount_goes_to_suspense(
    recharge: Recharge, fake_gateway: FakeGateway
) -> None:
    fake_gateway.paid(recharge.merchant_reference, amount="1999", fort_id="79")

    status_checks.sweep(at=NOON + 2 * MINUTE)

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.REVIEW
    assert UnplacedPayment.objects.get().money == Money(Decimal("19.99"), "USD")
    assert _balance(recharge).is_zero


def test_money_that_went_back_is_not_credited(
    recharge: Recharge, fake_gateway: FakeGateway
) -> None:
    fake_gateway.paid(recharge.merchant_reference, amount="2000", fort_id="80")
    fake_gateway.payments[recharge.merchant_reference]["refunded_amount"] = "2000"

    status_checks.sweep(at=NOON + 2 * MINUTE)

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.REDIRECTED
    assert _balance(recharge).is_zero


def _wrong_phrase(handler: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
    import json

    fields = gateway_fake.signed(
        {**_paid_answer(asked), "signature": ""}, phrase="somebody's"
    )
    gateway_fake.reply(handler, json.dumps(fields).encode())


def _about_another(handler: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
    import json

    fields = {**_paid_answer(asked), "merchant_reference": "ANOTHER"}
    gateway_fake.reply(handler, json.dumps(gateway_fake.signed(fields)).encode())


def _garbage(handler: BaseHTTPRequestHandler, _asked: dict[str, str]) -> None:
    gateway_fake.reply(handler, b"<html>busy</html>")


def _paid_answer(asked: dict[str, str]) -> dict[str, str]:
    return {
        "query_command": "CHECK_STATUS",
        "access_code": asked["access_code"],
        "merchant_identifier": asked["merchant_identifier"],
        "merchant_reference": asked["merchant_reference"],
        "status": "12",
        "response_code": "12000",
        "transaction_status": "14",
        "transaction_code": "14000",
        "captured_amount": "2000",
        "refunded_amount": "0",
        "fort_id": "81",
    }


@pytest.mark.parametrize("fault", [_wrong_phrase, _about_another, _garbage])
def test_an_answer_that_cannot_be_believed_changes_nothing(
    fault: Callable[..., None], recharge: Recharge, fake_gateway: FakeGateway
) -> None:
    fake_gateway.misbehave = fault

    done = status_checks.sweep(at=NOON + 2 * MINUTE)

    recharge.refresh_from_db()
    assert done.credited == 0
    assert recharge.state == Recharge.State.REDIRECTED
    assert _balance(recharge).is_zero
    assert GatewayMessage.objects.get().judged_verdict != ""


def test_a_silent_gateway_is_left_alone_for_the_rest_of_the_run(
    alice: User, acme_account: Any, channel: PaymentChannel, fake_gateway: FakeGateway
) -> None:
    for _ in range(6):
        make.start_recharge(alice, acme_account, channel)
    fake_gateway.misbehave = lambda handler, _: gateway_fake.reply(handler, b"", 500)

    done = status_checks.sweep(at=NOON + 2 * MINUTE)

    assert len(fake_gateway.asked) == 3
    assert len(done.errors) == 3

    fake_gateway.misbehave = None
    assert status_checks.sweep(at=NOON + 3 * MINUTE).checked == 3


def test_a_message_left_unjudged_is_judged_by_the_sweep(
    recharge: Recharge, channel: PaymentChannel
) -> None:
    inbox.store(
        channel_id=channel.pk,
        origin=GatewayMessage.Origin.NOTICE,
        content_type=make.FORM,
        body=make.as_form(answer(recharge)),
        at=NOON,
    )

    done = status_checks.sweep(at=NOON + MINUTE)

    recharge.refresh_from_db()
    assert (done.judged, done.credited) == (1, 1)
    assert recharge.is_paid


def test_a_run_is_recorded_when_something_was_due(
    recharge: Recharge, fake_gateway: FakeGateway
) -> None:
    status_checks.sweep(at=NOON)
    assert JobRun.objects.count() == 0

    status_checks.sweep(at=NOON + 5 * MINUTE)

    run = JobRun.objects.get()
    assert (run.job, run.state, run.counted) == ("sweep_recharges", "FINISHED", 1)
    assert 230 < run.lag_s <= 240


def test_the_command_sweeps_now(
    recharge: Recharge, fake_gateway: FakeGateway, capsys: Any
) -> None:
    import json

    fake_gateway.paid(recharge.merchant_reference, amount="2000", fort_id="82")

    call_command("sweep_recharges", "--json")

    recharge.refresh_from_db()
    assert json.loads(capsys.readouterr().out) == {
        "judged": 0,
        "checked": 1,
        "credited": 1,
        "errors": [],
    }
    assert recharge.is_paid
    assert JobRun.objects.get().started_by == "command"
