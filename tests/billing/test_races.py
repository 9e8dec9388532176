"""Many at once, and a run killed in the middle: every hour is charged once all the same."""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, connections
from django.db.models import Count, Sum

import billing.checks
import funds.checks
import funds.queries
from accounts.models import BusinessGroup, Tenant, User
from billing.actions import deductions, deployments, hours, orders, subscriptions
from billing.models import Charge, HourBatch, Order, Parking, Subscription
from cmp.lib import books
from cmp.lib.jobs.models import JobRun
from cmp.lib.money import Money
from funds.actions import holds
from funds.models import FundAccount
from funds.types import Kind
from pricing.models import PriceVersion, Sale
from resources.models import Instance
from tests.databases import Database, forget_connections
from tests.factories.accounts import BusinessGroupFactory
from tests.factories.billing import NOON, hours_after, running, submitted, wanted
from tests.factories.funds import open_account, put_in
from tests.funds.crowd import at_once

THREE = hours_after(NOON, 3)


@pytest.fixture
def fleet(
    committed_db: Database, acme: Tenant, prices: PriceVersion, mia: User
) -> list[Subscription]:
    """Twelve instances that run from noon, two in each of six fund accounts."""
    subs = []
    for number in range(6):
        group = BusinessGroupFactory.create(tenant=acme, name=f"G{number}")
        put_in(open_account(acme, groups=[group]), "10.00")
        subs += [running(mia, group), running(mia, group, at=NOON + timedelta(minutes=7))]
    return subs


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hours, "POTS_PER_BATCH", 1)


def assert_the_books_hold() -> None:
    outcomes = books.run([*funds.checks.BOOK_CHECKS, *billing.checks.BOOK_CHECKS])
    assert [outcome for outcome in outcomes if not outcome.ok] == []


def assert_three_hours_are_charged(fleet: list[Subscription]) -> None:
    charges = Charge.objects.values("subscription_id").annotate(
        count=Count("hour"), seconds=Sum("seconds")
    )
    assert {row["subscription_id"]: (row["count"], row["seconds"]) for row in charges} == {
        sub.pk: (3, 10_800 if sub.billed_from == NOON else 10_380) for sub in fleet
    }
    assert_the_books_hold()


def committing(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Let `count` threads act at the same moment, each committing as it goes."""
    barrier = threading.Barrier(count, timeout=60)

    def one(number: int) -> Any:
        try:
            barrier.wait()
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.usefixtures("small_batches")
def test_runs_at_once_share_the_work(fleet: list[Subscription]) -> None:
    reports = committing(3, lambda _number: deductions.run(at=THREE))

    assert sum(report.charged.charges for report in reports) == 36
    assert [report.parked for report in reports] == [{}, {}, {}]
    assert HourBatch.objects.filter(charged_at__isnull=True).count() == 0
    assert HourBatch.objects.aggregate(n=Sum("charges"))["n"] == 36
    assert_three_hours_are_charged(fleet)


@pytest.mark.usefixtures("small_batches")
def test_a_run_killed_in_the_middle_is_finished_by_the_next(
    committed_db: Database, fleet: list[Subscription]
) -> None:
    # The third pot is held, so that the child dies with a claimed batch, two committed.
    held = sorted({sub.fund_pot_id for sub in fleet})[2]
    lock = committed_db.connect("superuser")
    lock.execute("SELECT FROM funds_potbalance WHERE pot_id = %s FOR UPDATE", [held])
    child = _in_a_child(lambda: deductions.run(at=THREE))
    _wait_for_somebody_to_wait(committed_db.connect("superuser"))

    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    lock.rollback()

    assert Charge.objects.values("fund_pot_id").distinct().count() == 2
    assert JobRun.objects.get().state == JobRun.State.RUNNING
    report = deductions.run(at=THREE)
    assert report.charged.charges == 36 - 4
    assert_three_hours_are_charged(fleet)


def test_instances_deleted_while_the_hour_is_charged(fleet: list[Subscription]) -> None:
    """F42: an end falls before or after the run, never into an hour that it closed."""
    deletion = hours_after(NOON, 1) - timedelta(seconds=1)

    def act(number: int) -> None:
        if number == 0:
            deductions.run(at=hours_after(NOON, 2))
            return
        sub = fleet[number]
        actor = User.objects.get(pk=sub.order.requested_by_id)
        subscriptions.end(actor=actor, instance_id=sub.instance_id, at=deletion)

    committing(6, act)
    deductions.run(at=THREE)

    for sub in fleet[1:6]:
        sub.refresh_from_db()
        assert sub.billed_until in {
            deletion,
            hours_after(NOON, 1),
            hours_after(NOON, 2),
        }
    assert not Parking.objects.filter(resolved_at__isnull=True).exists()
    assert_the_books_hold()


def test_two_clicks_on_pay_hold_once(
    committed_db: Database, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = submitted(mia, wanted(group, sale=Sale.TERM))

    outcomes = at_once(
        5, lambda _number: orders.pay(actor=mia, order_id=order.pk, at=NOON) and None
    )

    assert outcomes == {"done": 5}
    assert funds.queries.open_holds(funded.pk).count() == 1
    assert Instance.objects.count() == 1
    assert funds.queries.balance_of(funded.pk).held == order.held


def test_clicks_without_the_lock_would_hold_more_than_once(
    committed_db: Database, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """The teeth: the same crowd, with a pay that looks and then acts."""
    order = submitted(mia, wanted(group))
    looked = threading.Barrier(5, timeout=60)

    def careless(_number: int) -> None:
        assert Order.objects.get(pk=order.pk).is_payable
        looked.wait()
        holds.place(
            fund_account_id=funded.pk,
            amount=order.held,
            reference=order.reference,
            key=f"careless:{uuid4()}",
            at=NOON,
        )

    at_once(5, careless)

    assert funds.queries.open_holds(funded.pk).count() == 5


def test_a_form_sent_many_times_at_once_makes_one_order(
    committed_db: Database, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    request, key = wanted(group, sale=Sale.TERM), uuid4()
    expected = submitted(mia, wanted(group, sale=Sale.TERM)).total

    numbers = committing(
        6,
        lambda _number: (
            orders.submit(
                actor=mia, wanted=request, expected=expected, form_key=key, at=NOON
            ).pk
        ),
    )

    assert len(set(numbers)) == 1
    assert Order.objects.filter(form_key=key).count() == 1


def test_workers_on_one_order_deploy_it_once(
    committed_db: Database, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = submitted(mia, wanted(group, sale=Sale.TERM))
    orders.pay(actor=mia, order_id=order.pk, at=NOON)

    states = committing(
        4, lambda _number: deployments.deploy(order_id=order.pk, now=lambda: NOON).state
    )

    assert states == ["COMPLETED"] * 4
    assert Subscription.objects.count() == 1
    purchases = funds.queries.transactions_of(funded).filter(kind=Kind.PURCHASE)
    assert [purchase.money for purchase in purchases] == [order.total]
    assert funds.queries.balance_of(funded.pk).balance == Money(Decimal("55.50"), "USD")


def _in_a_child(act: Callable[[], Any]) -> int:
    """Fork a process that acts and ends, and return its id."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        forget_connections()
        try:
            act()
        finally:
            os._exit(0)
    return child


def _wait_for_somebody_to_wait(watcher: psycopg.Connection) -> None:
    """Return once a session of the application waits for a row that is locked."""
    watcher.autocommit = True
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        row = watcher.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = 'cmp_app' AND wait_event_type = 'Lock'"
        ).fetchone()
        if row and row[0]:
            return
    pytest.fail("nobody ever waited")
