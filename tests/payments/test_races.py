"""PAY-10: Return, notice and sweep at the same instant: one credit (F21, F22, F46)."""

import threading
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from accounts.models import Tenant, User
from cmp.lib import books
from cmp.lib.money import Money
from funds import queries as funds
from payments.actions import channels, recharges, status_checks
from payments.checks import BOOK_CHECKS
from payments.models import GatewayMessage, PaymentChannel, Recharge
from tests.databases import Database
from tests.factories import payments as make
from tests.factories.payments import NOON, answer, as_form, as_json
from tests.payments.gateway_fake import FakeGateway


def run_together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs at once, each in a thread with a connection of its own."""
    barrier = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(index: int, job: Callable[[], Any]) -> None:
        connection.ensure_connection()
        barrier.wait(10)
        try:
            results[index] = job()
        except Exception as failure:  # noqa: BLE001 (the test looks at it)
            results[index] = failure
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=run, args=(index, job)) for index, job in enumerate(jobs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def _post(path: str, body: bytes, kind: str) -> Callable[[], int]:
    def post() -> int:
        return Client().post(path, body, content_type=kind).status_code

    return post


def _assert_one_credit(recharge: Recharge, account: Any) -> None:
    recharge.refresh_from_db()
    assert recharge.is_paid
    assert funds.balance_of(account.pk).available == recharge.money
    verdicts = GatewayMessage.objects.values_list("judged_verdict", flat=True)
    assert sorted(set(verdicts)) == ["CREDITED", "REPLAY"]
    assert list(verdicts).count("CREDITED") == 1
    assert [o for o in books.run(BOOK_CHECKS) if not o.ok] == []


def test_return_and_notice_at_the_same_instant_credit_once(
    committed_db: Database, recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    fields = answer(recharge)

    statuses = run_together(
        _post(f"/pay/{channel.pk}/return", as_form(fields), make.FORM),
        _post(f"/pay/{channel.pk}/notice", as_json(fields), "application/json"),
    )

    assert statuses == [303, 200]
    _assert_one_credit(recharge, acme_account)


def test_twenty_of_the_same_notice_at_once_credit_once(
    committed_db: Database, recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    body = as_json(answer(recharge))
    one = _post(f"/pay/{channel.pk}/notice", body, "application/json")

    statuses = run_together(*[one] * 20)

    assert statuses == [200] * 20
    assert GatewayMessage.objects.count() == 20
    _assert_one_credit(recharge, acme_account)


def test_without_the_lock_the_race_is_lost(
    committed_db: Database,
    recharge: Recharge,
    channel: PaymentChannel,
    acme_account: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The teeth: without the row lock the second message fails instead of being known.

    Even then the ledger's key and the guards of the database let only one credit in.
    """
    from payments.actions import inbox

    waiting = threading.Barrier(2)
    plain = inbox._report_of

    def both_at_once(message: GatewayMessage) -> Any:
        report = plain(message)
        if message.asked is None and waiting.n_waiting < 2 and not waiting.broken:
            waiting.wait(10)
        return report

    monkeypatch.setattr(inbox, "_report_of", both_at_once)
    monkeypatch.setattr(
        inbox,
        "_locked_recharge",
        lambda reference: Recharge.objects.filter(merchant_reference=reference).first(),
    )
    monkeypatch.setattr(
        recharges, "_locked", lambda recharge_id: Recharge.objects.get(pk=recharge_id)
    )
    body = as_json(answer(recharge))

    run_together(*[_post(f"/pay/{channel.pk}/notice", body, "application/json")] * 2)

    verdicts = list(GatewayMessage.objects.values_list("judged_verdict", flat=True))
    assert sorted(verdicts) != ["CREDITED", "REPLAY"]
    assert funds.balance_of(acme_account.pk).available == recharge.money


def test_return_notice_and_sweep_together_credit_once(
    committed_db: Database,
    alice: User,
    tina: User,
    acme: Tenant,
    acme_account: Any,
    fake_gateway: FakeGateway,
) -> None:
    channel = make.make_channel(tina, acme, address=fake_gateway.origin)
    recharge = make.start_recharge(alice, acme_account, channel)
    fields = answer(recharge)
    fake_gateway.paid(recharge.merchant_reference, amount="2000", fort_id=fields["fort_id"])

    run_together(
        _post(f"/pay/{channel.pk}/return", as_form(fields), make.FORM),
        _post(f"/pay/{channel.pk}/notice", as_json(fields), "application/json"),
        lambda: status_checks.sweep(at=NOON + make.MINUTES_5),
        lambda: status_checks.sweep(at=NOON + make.MINUTES_5),
    )

    _assert_one_credit(recharge, acme_account)


def test_two_sweeps_at_once_ask_once(
    committed_db: Database,
    alice: User,
    tina: User,
    acme: Tenant,
    acme_account: Any,
    fake_gateway: FakeGateway,
) -> None:
    channel = make.make_channel(tina, acme, address=fake_gateway.origin)
    for _ in range(6):
        make.start_recharge(alice, acme_account, channel)

    done = run_together(
        *[lambda: status_checks.sweep(at=NOON + make.MINUTES_5).checked] * 3
    )

    assert sum(done) == 6
    assert sorted(fake_gateway.asked) == sorted(set(fake_gateway.asked))


def test_a_double_click_starts_one_recharge(
    committed_db: Database,
    alice: User,
    acme: Tenant,
    acme_account: Any,
    channel: PaymentChannel,
) -> None:
    wish = recharges.Wish(
        account_id=acme_account.pk,
        channel_id=channel.pk,
        amount=Money(Decimal("20.00"), "USD"),
        form_key=uuid.uuid4(),
    )

    started = run_together(
        *[
            lambda: (
                recharges.start(
                    payer=alice, tenant=acme, wish=wish, language="en", at=NOON
                ).pk
            )
        ]
        * 6
    )

    assert len(set(started)) == 1
    assert Recharge.objects.count() == 1


def test_deleting_a_channel_and_starting_through_it_exclude_each_other(
    committed_db: Database,
    alice: User,
    tina: User,
    acme: Tenant,
    acme_account: Any,
) -> None:
    for number in range(5):
        channel = make.make_channel(tina, acme, name=f"Channel {number}")

        def delete(channel_id: int = channel.pk) -> None:
            channels.delete(actor=tina, channel_id=channel_id, at=NOON)

        def start(channel: PaymentChannel = channel) -> None:
            make.start_recharge(alice, acme_account, channel, is_sent=False)

        run_together(delete, start)

        channel.refresh_from_db()
        started = Recharge.objects.filter(channel=channel).count()
        assert channel.is_deleted is (started == 0)
