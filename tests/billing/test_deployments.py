"""A deployment takes the money of a term, frees an hour's hold, or gives all of it back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

import funds.queries
from accounts.models import BusinessGroup, Tenant, User
from billing.actions import deployments, orders, subscriptions, sweeps
from billing.actions.subscriptions import NothingRuns
from billing.models import Order, OrderEvent, Rate, Subscription
from cmp.lib.money import Money
from funds.models import FundAccount, Transaction
from funds.types import Kind
from pricing.models import PriceVersion, Sale
from resources.drivers import DRIVERS
from resources.drivers.base import CloudUnreachable, Deployed, Machine
from resources.models import Instance
from tests.factories.billing import (
    NOON,
    completed,
    hours_after,
    running,
    submitted,
    wanted,
)
from tests.factories.funds import open_account


def balance(account: FundAccount) -> tuple[str, str]:
    found = funds.queries.balance_of(account.pk)
    return str(found.available.amount), str(found.held.amount)


def kinds(account: FundAccount) -> list[int]:
    return list(
        funds.queries.transactions_of(account).order_by("id").values_list("kind", flat=True)
    )


def test_a_month_is_taken_when_the_instance_runs(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """REQ-12: the deployment deducts from the balance."""
    order = completed(mia, wanted(group, sale=Sale.TERM))

    subscription = Subscription.objects.get()
    assert order.state == Order.State.COMPLETED
    assert balance(funded) == ("55.500000", "0.000000")
    assert kinds(funded) == [Kind.RECHARGE, Kind.HOLD, Kind.HOLD_CAPTURED, Kind.PURCHASE]
    assert (subscription.billed_from, subscription.term_until) == (
        NOON,
        datetime(2026, 4, 1, 12, tzinfo=UTC),
    )
    assert not Rate.objects.exists()
    purchase = Transaction.objects.get(kind=Kind.PURCHASE)
    assert (purchase.reference, purchase.amount) == (f"order:{order.pk}", Decimal("44.50"))


def test_a_month_ends_on_the_same_day_of_the_tenant_s_calendar(
    funded: FundAccount, acme: Tenant, mia: User, group: BusinessGroup
) -> None:
    Tenant.objects.filter(pk=acme.pk).update(time_zone="Asia/Dubai")
    # 31 January, 01:00 in Dubai; February has 28 days.
    at = datetime(2026, 1, 30, 21, tzinfo=UTC)

    completed(mia, wanted(group, sale=Sale.TERM), at=at)

    assert Subscription.objects.get().term_until == datetime(2026, 2, 27, 21, tzinfo=UTC)


def test_an_hourly_hold_is_released_and_use_counts_from_that_second(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    at = NOON + timedelta(minutes=15, seconds=23, microseconds=700_000)

    subscription = running(mia, group, at=at)

    assert balance(funded) == ("100.000000", "0.000000")
    assert kinds(funded) == [Kind.RECHARGE, Kind.HOLD, Kind.HOLD_RELEASED]
    assert subscription.billed_from == at.replace(microsecond=0)
    rate = Rate.objects.get()
    assert (rate.valid_from, rate.valid_until, rate.per_second) == (
        subscription.billed_from,
        None,
        Decimal("0.000021436900"),
    )


@pytest.mark.parametrize("sale", Sale)
def test_a_failed_deployment_costs_nothing(
    funded: FundAccount, mia: User, group: BusinessGroup, sale: Sale
) -> None:
    order = completed(mia, wanted(group, name="fail-web", sale=sale))

    assert order.state == Order.State.FAILED
    assert order.failure == "The simulated cloud has no room for this instance."
    assert balance(funded) == ("100.000000", "0.000000")
    assert kinds(funded) == [Kind.RECHARGE, Kind.HOLD, Kind.HOLD_RELEASED]
    assert not Subscription.objects.exists()
    assert Instance.objects.get().state == Instance.State.FAILED
    assert [event.kind for event in order.events.order_by("id")] == [
        OrderEvent.Kind.SUBMITTED,
        OrderEvent.Kind.PAID,
        OrderEvent.Kind.DEPLOYING,
        OrderEvent.Kind.RELEASED,
        OrderEvent.Kind.FAILED,
    ]


@pytest.mark.parametrize("sale", Sale)
def test_postpaid_runs_without_money(
    acme: Tenant, prices: PriceVersion, mia: User, group: BusinessGroup, sale: Sale
) -> None:
    open_account(acme, kind=FundAccount.Kind.POSTPAID, groups=[group])

    order = completed(mia, wanted(group, sale=sale))

    assert order.state == Order.State.COMPLETED
    assert Subscription.objects.get().billed_from == NOON
    assert not Transaction.objects.exists()


def test_deploying_again_changes_nothing(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = completed(mia, wanted(group, sale=Sale.TERM))

    again = deployments.deploy(order_id=order.pk, now=lambda: hours_after(NOON, 1))

    assert again.finished_at == NOON
    assert Subscription.objects.count() == 1
    assert balance(funded) == ("55.500000", "0.000000")


def test_an_unpaid_order_is_not_deployed(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = submitted(mia, wanted(group))

    deployments.deploy(order_id=order.pk, now=lambda: NOON)

    order.refresh_from_db()
    assert (order.state, order.tries) == (Order.State.PENDING_PAYMENT, 0)
    assert not Instance.objects.exists()


class CloudThatIsOut:
    """A driver whose cloud does not answer."""

    def deploy(self, machine: Machine) -> Deployed:
        raise CloudUnreachable

    def remove(self, reference: str) -> None:
        raise CloudUnreachable


def test_a_silent_cloud_is_asked_again_and_given_up_after_five_tries(
    funded: FundAccount,
    mia: User,
    group: BusinessGroup,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(DRIVERS, "simulated", CloudThatIsOut())
    order = submitted(mia, wanted(group))
    orders.pay(actor=mia, order_id=order.pk, at=NOON)

    states = [
        deployments.deploy(order_id=order.pk, now=lambda: NOON).state for _try in range(5)
    ]

    assert states == ["PROCESSING"] * 4 + ["FAILED"]
    assert balance(funded) == ("100.000000", "0.000000")
    order.refresh_from_db()
    assert order.failure == "The cloud did not answer."
    assert order.events.filter(kind=OrderEvent.Kind.RETRIED).count() == 4


def test_the_sweep_finishes_an_order_whose_worker_died(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """LIF-11: a lost task costs delay only."""
    order = submitted(mia, wanted(group, sale=Sale.TERM))
    orders.pay(actor=mia, order_id=order.pk, at=NOON)

    early = sweeps.sweep_orders(now=lambda: NOON + timedelta(minutes=4))
    late = sweeps.sweep_orders(now=lambda: NOON + timedelta(minutes=5))
    again = sweeps.sweep_orders(now=lambda: NOON + timedelta(minutes=6))

    assert (early.deployed, late.deployed, again.deployed) == (0, 1, 0)
    order.refresh_from_db()
    assert order.state == Order.State.COMPLETED
    assert balance(funded) == ("55.500000", "0.000000")


def test_the_sweep_cancels_what_stays_unpaid_for_a_day(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """ORD-03: unpaid orders cancel themselves in time."""
    order = submitted(mia, wanted(group))

    early = sweeps.sweep_orders(now=lambda: hours_after(NOON, 24))
    late = sweeps.sweep_orders(now=lambda: hours_after(NOON, 24) + timedelta(seconds=1))

    assert (early.cancelled, late.cancelled) == (0, 1)
    order.refresh_from_db()
    assert order.state == Order.State.CANCELLED


def test_the_sweep_removes_what_failed(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    completed(mia, wanted(group, name="fail-web"))

    swept = sweeps.sweep_orders(now=lambda: NOON)

    assert swept.removed == 1
    assert Instance.objects.get().removed_at == NOON


def test_deleting_ends_the_subscription_at_that_second(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)
    at = NOON + timedelta(minutes=40, seconds=7, microseconds=999_999)

    subscriptions.end(actor=mia, instance_id=subscription.instance_id, at=at)
    again = subscriptions.end(
        actor=mia, instance_id=subscription.instance_id, at=hours_after(at, 3)
    )

    assert again.billed_until == at.replace(microsecond=0)
    assert Instance.objects.get().state == Instance.State.DELETED
    assert subscription.order.events.filter(kind=OrderEvent.Kind.ENDED).count() == 1


def test_what_never_ran_cannot_be_ended(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = completed(mia, wanted(group, name="fail-web"))
    assert order.instance_id is not None

    with pytest.raises(NothingRuns):
        subscriptions.end(actor=mia, instance_id=order.instance_id, at=NOON)

    assert Instance.objects.get().state == Instance.State.FAILED


def test_a_term_ends_with_nothing_given_back(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = completed(mia, wanted(group, sale=Sale.TERM))
    assert order.instance_id is not None

    ended = subscriptions.end(
        actor=mia, instance_id=order.instance_id, at=hours_after(NOON, 1)
    )

    assert ended.billed_until == hours_after(NOON, 1)
    assert funds.queries.balance_of(funded.pk).balance == Money(Decimal("55.50"), "USD")
