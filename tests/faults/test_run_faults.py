"""F01, F05, F07, F09, F39, F49: the hourly run under kills, cuts, rivals and odd clocks.

FND-10: hourly use is deducted, each hour once. BIL-02: two runs make the same bill. LIF-11:
a run may repeat and be late. After each fault the books of all apps are sound.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

import funds.queries
from accounts.models import BusinessGroup, Tenant, User
from billing.actions import deductions, orders, sweeps
from billing.models import Charge, Order, Parking, Subscription
from cmp.celery import app as celery
from cmp.lib.clock import HOUR, hour_floor
from funds.actions import ledger
from funds.models import FundAccount, Transaction
from funds.types import Kind
from tests.databases import Database
from tests.factories.billing import NOON, hours_after, submitted, wanted
from tests.factories.funds import purchase, put_in
from tests.factories.pricing import publish
from tests.faults.books import breaches
from tests.faults.killing import cut_off_after, killed_after, moments
from tests.faults.rivals import Part, race
from tests.faults.spending import ACCOUNTS, SERVERS, SUBSCRIPTIONS, charged_once, spending


@pytest.fixture
def accounts(committed_db: Database, acme: Tenant) -> list[FundAccount]:
    """Three fund accounts, each paying for two servers since noon; nothing is charged."""
    publish()
    return [spending(acme) for _number in range(ACCOUNTS)]


def is_deep(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--deep"))


# ---------------------------------------------------------------- F01 kills


def test_f01_a_killed_run_leaves_every_hour_charged_once(
    accounts: list[FundAccount], committed_db: Database, request: pytest.FixtureRequest
) -> None:
    hours, kills = (1000, 200) if is_deep(request) else (120, 6)
    watch = committed_db.connect("superuser")
    until = hours_after(NOON, hours)

    killed = [
        killed_after(moment, lambda: deductions.run(at=until), watch)
        for moment in moments(1, kills, 0.3)
    ]
    deductions.run(at=until)

    assert any(killed)
    assert charged_once(hours)
    assert Transaction.objects.filter(kind=Kind.HOURLY_USAGE).count() == hours * ACCOUNTS
    assert breaches("funds", "billing") == []


def test_f01_teeth_half_a_run_is_seen_by_the_books(
    accounts: list[FundAccount], committed_db: Database
) -> None:
    """Charges whose money did not move are what a run without its guard would leave."""
    deductions.run(at=hours_after(NOON, 1))
    with committed_db.connect("owner") as owner:
        owner.execute("DROP TRIGGER billing_charge_apply ON billing_charge")
        owner.execute(
            "INSERT INTO billing_charge SELECT hour + interval '1 hour', subscription_id,"
            " fund_pot_id, tenant_id, rate_id, seconds, price_version_id, amount"
            " FROM billing_charge WHERE subscription_id ="
            " (SELECT min(subscription_id) FROM billing_charge)"
        )

    assert breaches("funds", "billing") != []


# ---------------------------------------------------------------- F05 rivals


def test_f05_runs_at_once_charge_every_hour_once(
    accounts: list[FundAccount], request: pytest.FixtureRequest
) -> None:
    rivals, hours = (40, 24) if is_deep(request) else (8, 12)
    until = hours_after(NOON, hours)

    def run() -> int:
        return deductions.run(at=until).charged.charges

    ended = race([run] * rivals)

    assert sum(int(word) * count for word, count in ended.items()) == hours * SUBSCRIPTIONS
    assert charged_once(hours)
    assert Parking.objects.count() == 0
    assert breaches("funds", "billing") == []


def test_f05_teeth_without_its_key_an_hour_is_charged_twice(
    accounts: list[FundAccount], committed_db: Database
) -> None:
    deductions.run(at=hours_after(NOON, 1))
    with committed_db.connect("owner") as owner:
        owner.execute("DROP TRIGGER billing_charge_apply ON billing_charge")
        owner.execute("ALTER TABLE billing_charge DROP CONSTRAINT an_hour_is_charged_once")
        owner.execute("INSERT INTO billing_charge SELECT * FROM billing_charge")

    assert not charged_once(1)
    assert breaches("funds", "billing") != []


# ---------------------------------------------------------------- F07 cut connections


def test_f07_a_run_cut_off_from_the_database_is_finished_by_the_next(
    accounts: list[FundAccount], committed_db: Database, request: pytest.FixtureRequest
) -> None:
    hours, cuts = (500, 50) if is_deep(request) else (120, 5)
    until = hours_after(NOON, hours)
    watch = committed_db.connect("superuser")

    cut = [
        cut_off_after(moment, lambda: deductions.run(at=until), watch)
        for moment in moments(7, cuts, 0.3)
    ]
    deductions.run(at=until)

    assert any(cut)
    assert charged_once(hours)
    assert breaches("funds", "billing") == []


# ---------------------------------------------------------------- F09 broker away


def test_f09_an_order_paid_without_a_broker_is_deployed_by_the_sweep(
    committed_db: Database, acme_account: FundAccount, acme_group: BusinessGroup, mia: User
) -> None:
    publish()
    put_in(acme_account, "100", at=NOON)
    order = submitted(mia, wanted(acme_group))

    def pay() -> str:
        celery.conf.broker_url = "redis://127.0.0.1:1/0"
        return orders.pay(actor=mia, order_id=order.pk, at=NOON).state

    assert race([pay]) == {"PROCESSING": 1}
    swept = sweeps.sweep_orders(now=lambda: hours_after(NOON, 1))
    order.refresh_from_db()
    assert (swept.deployed, order.state) == (1, Order.State.COMPLETED)
    assert Subscription.objects.count() == 1
    assert breaches("funds", "billing") == []


# ---------------------------------------------------------------- F39 buying meanwhile


def test_f39_purchases_beside_the_run_leave_floor_and_sums_exact(
    accounts: list[FundAccount], request: pytest.FixtureRequest
) -> None:
    """Purchases stop at the floor; use may overdraw, since what was consumed is owed."""
    buyers, hours = (24, 200) if is_deep(request) else (6, 24)
    account = accounts[0]
    price = Decimal("9.99")

    def buyer(number: int) -> Part:
        def buy() -> int:
            bought = 0
            for turn in range(4):
                try:
                    with transaction.atomic():
                        order = number * 4 + turn + 1
                        ledger.post(purchase(account, str(price), order=order))
                    bought += 1
                except ledger.InsufficientFunds:
                    continue
            return bought

        return buy

    def run() -> str:
        deductions.run(at=hours_after(NOON, hours))
        return "0"

    ended = race([*(buyer(number) for number in range(buyers)), run])

    bought = sum(int(word) * count for word, count in ended.items())
    used = sum(c.amount for c in Charge.objects.filter(fund_pot_id=_pot(account)))
    assert 8 <= bought <= 10
    assert charged_once(hours)
    left = funds.queries.balance_of(account.pk).available.amount
    assert left == 100 - bought * price - used
    assert breaches("funds") == []


def _pot(account: FundAccount) -> int:
    return funds.queries.available_pot_id(account.pk)


# ---------------------------------------------------------------- F49 odd clocks


def test_f49_a_clock_that_steps_back_charges_nothing_again(
    accounts: list[FundAccount],
) -> None:
    deductions.run(at=hours_after(NOON, 5))

    report = deductions.run(at=hours_after(NOON, 3))

    assert report.charged.charges == 0
    assert charged_once(5)
    assert breaches("funds", "billing") == []


def test_f49_a_clock_a_day_ahead_charges_no_hour_that_is_not_over(
    committed_db: Database, acme: Tenant
) -> None:
    """The database's own clock judges: a worker's cannot bring the future forward."""
    now = timezone.now()
    # The guard lets a worker's clock be five minutes ahead of the database's.
    over_by = now + timedelta(minutes=5)
    publish()
    since = hour_floor(over_by) - 2 * HOUR
    account = spending(acme, since)

    deductions.run(at=now + timedelta(days=1))

    charged = Charge.objects.filter(fund_pot_id=_pot(account))
    assert charged.count() == 2 * SERVERS
    assert max(charge.hour for charge in charged) + HOUR <= over_by
    deductions.run(at=now)
    assert charged.count() == 2 * SERVERS
    assert breaches("funds", "billing") == []
