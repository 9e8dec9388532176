"""The hourly run: exact amounts, hour after hour, once; worked examples to the second.

Carries FND-10.
"""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import funds.queries
from accounts.models import BusinessGroup, Tenant, User
from billing.actions import deductions, hours, subscriptions
from billing.models import HourBatch, Parking, Subscription
from cmp.lib.jobs.models import JobRun
from funds.models import FundAccount, Transaction
from funds.types import Kind
from pricing.models import PriceVersion, Sale
from tests.factories.accounts import BusinessGroupFactory
from tests.factories.billing import (
    NOON,
    charged,
    charged_in_all,
    completed,
    hours_after,
    running,
    wanted,
)
from tests.factories.funds import open_account, put_in
from tests.factories.pricing import publish

ONE = hours_after(NOON, 1)
TWO = hours_after(NOON, 2)
THREE = hours_after(NOON, 3)


def balance(account: FundAccount) -> str:
    return str(funds.queries.balance_of(account.pk).balance.amount)


def usage(account: FundAccount) -> list[tuple[str, str, str]]:
    """The usage deductions of an account: hour, amount, balance after."""
    return [
        (deduction.reference, str(deduction.amount), str(deduction.source_balance_after))
        for deduction in funds.queries.transactions_of(account)
        .filter(kind=Kind.HOURLY_USAGE)
        .order_by("id")
    ]


def test_each_hour_is_charged_to_the_second(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    started = NOON + timedelta(minutes=15, seconds=30)
    subscription = running(mia, group, at=started)
    subscriptions.end(
        actor=mia, instance_id=subscription.instance_id, at=TWO + timedelta(seconds=1)
    )

    report = deductions.run(at=THREE)

    # 0.000021436900 per second: × 2670, × 3600, × 1, half-up to six decimals.
    assert charged(subscription) == [
        (NOON, 2670, "0.057237"),
        (ONE, 3600, "0.077173"),
        (TWO, 1, "0.000021"),
    ]
    assert usage(funded) == [
        ("usage:2026-03-01T12Z", "0.057237", "99.942763"),
        ("usage:2026-03-01T13Z", "0.077173", "99.865590"),
        ("usage:2026-03-01T14Z", "0.000021", "99.865569"),
    ]
    assert report.as_json() == {
        "from": "2026-03-01T12:00:00+00:00",
        "until": "2026-03-01T15:00:00+00:00",
        "fund_accounts": 1,
        "charges": 3,
        "amount": {"USD": "0.134431"},
        "parked": 0,
        "dry_run": False,
    }


def test_the_hour_that_runs_is_not_charged(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)

    report = deductions.run(at=ONE - timedelta(seconds=1))

    assert report.as_json()["charges"] == 0
    assert charged(subscription) == []
    assert balance(funded) == "100.000000"


def test_the_future_is_not_charged(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)

    deductions.run(at=ONE, until=hours_after(NOON, 10))

    assert [hour for hour, *_rest in charged(subscription)] == [NOON]


def test_a_second_run_does_nothing(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """BIL-02, LIF-11: two runs make the same bill."""
    running(mia, group)
    deductions.run(at=ONE)

    again = deductions.run(at=ONE)

    assert again.as_json() | {"from": ""} == {
        "from": "",
        "until": "2026-03-01T13:00:00+00:00",
        "fund_accounts": 0,
        "charges": 0,
        "amount": {},
        "parked": 0,
        "dry_run": False,
    }
    assert len(usage(funded)) == 1
    assert HourBatch.objects.count() == 1


def test_missed_hours_are_caught_up_one_by_one(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """LIF-11: a late run makes up for what was missed."""
    subscription = running(mia, group)
    deductions.run(at=ONE)

    report = deductions.run(at=hours_after(NOON, 8))

    assert report.charged.charges == 7
    assert [seconds for _hour, seconds, _amount in charged(subscription)] == [3600] * 8
    assert len(usage(funded)) == 8
    assert balance(funded) == "99.382616"


def test_an_earlier_until_leaves_the_rest_for_later(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    running(mia, group)

    first = deductions.run(at=THREE, until=ONE + timedelta(minutes=59))
    second = deductions.run(at=THREE)

    assert (first.charged.charges, second.charged.charges) == (1, 2)
    assert second.as_json()["from"] == "2026-03-01T13:00:00+00:00"


def test_one_deduction_per_account_and_hour(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    for _number in range(3):
        running(mia, group)

    report = deductions.run(at=ONE)

    assert (report.charged.charges, len(report.charged.pots)) == (3, 1)
    assert usage(funded) == [("usage:2026-03-01T12Z", "0.231519", "99.768481")]


def test_a_month_is_not_charged_by_the_hour(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    completed(mia, wanted(group, sale=Sale.TERM))

    assert deductions.run(at=THREE).charged.charges == 0


def test_use_may_overdraw(funded: FundAccount, mia: User, group: BusinessGroup) -> None:
    running(mia, group)
    for _number in range(2):
        completed(mia, wanted(group, sale=Sale.TERM))
    put_in(funded, "0.01")

    deductions.run(at=hours_after(NOON, 200))

    # 11.01 − 200 × 0.077173
    assert balance(funded) == "-4.424600"


def test_postpaid_use_accrues_and_moves_no_money(
    acme: Tenant, prices: PriceVersion, mia: User, group: BusinessGroup
) -> None:
    account = open_account(acme, kind=FundAccount.Kind.POSTPAID, groups=[group])
    subscription = running(mia, group)

    report = deductions.run(at=TWO)

    assert report.as_json()["amount"] == {"USD": "0.154346"}
    assert charged_in_all(subscription).amount == Decimal("0.154346")
    assert not Transaction.objects.exists()
    assert balance(account) == "0.000000"


def test_amounts_are_per_currency(
    funded: FundAccount, mia: User, group: BusinessGroup, globex: Tenant, charlie: User
) -> None:
    publish("KWD")
    Tenant.objects.filter(pk=globex.pk).update(currency="KWD")
    globex.refresh_from_db()
    kuwaiti = BusinessGroupFactory.create(tenant=globex, name="Kuwait")
    put_in(open_account(globex, groups=[kuwaiti]), "5.000")
    running(mia, group)
    completed(charlie, wanted(kuwaiti), currency="KWD")

    report = deductions.run(at=ONE)

    assert report.as_json()["amount"] == {"KWD": "0.077173", "USD": "0.077173"}
    assert report.as_json()["fund_accounts"] == 2


def test_an_idle_gap_costs_nothing(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    first = running(mia, group)
    subscriptions.end(actor=mia, instance_id=first.instance_id, at=ONE)
    deductions.run(at=hours_after(NOON, 5))
    later = running(mia, group, at=hours_after(NOON, 30))

    report = deductions.run(at=hours_after(NOON, 31))

    assert [hour for hour, *_rest in charged(later)] == [hours_after(NOON, 30)]
    assert report.charged.charges == 1
    assert len(usage(funded)) == 2


def test_what_starts_after_its_hour_was_charged_starts_at_the_watermark(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    running(mia, group)
    deductions.run(at=TWO)

    late = running(mia, group, at=TWO - timedelta(seconds=1))

    assert late.billed_from == TWO


def test_what_ends_after_its_hour_was_charged_ends_at_the_watermark(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)
    deductions.run(at=TWO)

    ended = subscriptions.end(
        actor=mia, instance_id=subscription.instance_id, at=TWO - timedelta(seconds=1)
    )

    assert ended.billed_until == TWO
    assert deductions.run(at=THREE).charged.charges == 0


def test_what_runs_for_no_second_costs_nothing(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)
    subscriptions.end(
        actor=mia,
        instance_id=subscription.instance_id,
        at=NOON + timedelta(microseconds=999_999),
    )

    assert deductions.run(at=THREE).charged.charges == 0
    assert charged(subscription) == []


def test_a_dry_run_says_the_same_and_writes_nothing(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    first = running(mia, group, at=NOON + timedelta(minutes=1, seconds=1))
    second = running(mia, group, at=ONE + timedelta(seconds=59))
    subscriptions.end(
        actor=mia, instance_id=first.instance_id, at=TWO + timedelta(minutes=30)
    )

    dry = deductions.run(at=hours_after(NOON, 4), dry_run=True)

    assert (charged(first), charged(second), usage(funded)) == ([], [], [])
    assert balance(funded) == "100.000000"
    assert not HourBatch.objects.exists()
    real = deductions.run(at=hours_after(NOON, 4))
    assert dry.as_json() | {"dry_run": False} == real.as_json()
    assert real.charged.charges == 6


def test_a_run_is_recorded(funded: FundAccount, mia: User, group: BusinessGroup) -> None:
    running(mia, group)

    deductions.run(at=ONE + timedelta(minutes=2), started_by="Sam")

    run = JobRun.objects.get()
    assert (run.job, run.state, run.started_by) == (
        "run_hourly_deductions",
        JobRun.State.FINISHED,
        "Sam",
    )
    assert (run.period_from, run.period_until) == (NOON, ONE)
    assert (run.counted, run.amounts, run.errors) == (1, {"USD": "0.077173"}, [])
    assert run.lag_s == 120


@pytest.fixture
def two_accounts(
    funded: FundAccount, acme: Tenant, mia: User, group: BusinessGroup
) -> tuple[Subscription, Subscription]:
    """A subscription in Acme's account, and one in another account."""
    other = BusinessGroupFactory.create(tenant=acme, name="Other")
    put_in(open_account(acme, groups=[other]), "10.00")
    return running(mia, group), running(mia, other)


def _lose_the_rate(subscription: Subscription, at: datetime) -> None:
    """End the rate of a subscription without a next one, as no action of ours does."""
    subscription.rates.update(valid_until=at)


def test_a_bad_account_is_parked_while_others_go_on(
    two_accounts: tuple[Subscription, Subscription], funded: FundAccount
) -> None:
    bad, good = two_accounts
    _lose_the_rate(bad, ONE)

    dry = deductions.run(at=THREE, dry_run=True)
    report = deductions.run(at=THREE)

    assert [hour for hour, *_rest in charged(bad)] == [NOON]
    assert [hour for hour, *_rest in charged(good)] == [NOON, ONE, TWO]
    assert report.as_json()["parked"] == 1
    assert dry.as_json() | {"dry_run": False} == report.as_json()
    parking = Parking.objects.get()
    assert (parking.fund_account_id, parking.hour, parking.tries) == (funded.pk, ONE, 1)
    assert parking.reason == "A subscription has no price for this hour."
    assert JobRun.objects.order_by("-id")[0].errors == [
        f"FA-{funded.pk}: A subscription has no price for this hour."
    ]


def test_a_parked_account_is_tried_again_and_catches_up(
    two_accounts: tuple[Subscription, Subscription], funded: FundAccount
) -> None:
    bad, good = two_accounts
    _lose_the_rate(bad, ONE)
    deductions.run(at=TWO)
    deductions.run(at=THREE)
    assert Parking.objects.get().tries == 2
    bad.rates.create(
        valid_from=ONE, per_second=Decimal("0.001"), price_version_id=bad.price_version_id
    )

    deductions.run(at=hours_after(NOON, 4))

    assert charged(bad) == [
        (NOON, 3600, "0.077173"),
        (ONE, 3600, "3.600000"),
        (TWO, 3600, "3.600000"),
        (THREE, 3600, "3.600000"),
    ]
    assert len(charged(good)) == 4
    assert Parking.objects.get().resolved_at == hours_after(NOON, 4)


def test_an_account_that_the_database_refuses_is_found_among_many(
    acme: Tenant, prices: PriceVersion, mia: User
) -> None:
    subs = []
    for number in range(5):
        group = BusinessGroupFactory.create(tenant=acme, name=f"G{number}")
        put_in(open_account(acme, groups=[group]), "10.00")
        subs.append(running(mia, group))
    # 28 hours at the largest rate are more than a transaction can hold.
    bad = [running(mia, subs[3].order.business_group) for _number in range(27)]
    for subscription in [subs[3], *bad]:
        subscription.rates.update(valid_until=ONE)
        subscription.rates.create(
            valid_from=ONE, per_second=Decimal(99_999_999), price_version=prices
        )

    report = deductions.run(at=THREE)

    assert [len(charged(subscription)) for subscription in subs] == [3, 3, 3, 1, 3]
    parking = Parking.objects.get()
    assert (parking.fund_account_id, parking.hour) == (subs[3].order.fund_account_id, ONE)
    assert parking.reason.startswith("charges_skip_no_hour: hour 2026-03-01 13:00:00+00")
    assert report.as_json()["parked"] == 1


def test_batches_share_an_hour(
    acme: Tenant,
    prices: PriceVersion,
    mia: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hours, "POTS_PER_BATCH", 2)
    subs = []
    for number in range(5):
        group = BusinessGroupFactory.create(tenant=acme, name=f"G{number}")
        put_in(open_account(acme, groups=[group]), "10.00")
        subs.append(running(mia, group))

    report = deductions.run(at=ONE)

    assert report.charged.charges == 5
    batches = HourBatch.objects.order_by("id")
    assert [batch.charges for batch in batches] == [2, 2, 1]
    assert all(batch.charged_at == ONE for batch in batches)
