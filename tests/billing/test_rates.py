"""New prices reach running subscriptions on their hour, and never a closed one.

Carries PRI-03, OPS-04.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import BusinessGroup, User
from billing.actions import deductions, rates, subscriptions, sweeps
from billing.models import PriceAdoption, Rate, Subscription
from cmp.lib.clock import HOUR
from funds.models import FundAccount
from pricing.models import Component, PriceVersion
from pricing.rating import UnitPrice
from tests.factories.billing import NOON, charged, hours_after, running
from tests.factories.pricing import STANDARD, dearer, publish

ONE = hours_after(NOON, 1)
TWO = hours_after(NOON, 2)
THREE = hours_after(NOON, 3)
STANDARD_RATE = Decimal("0.000021436900")
DOUBLE_RATE = Decimal("0.000042873800")


def rates_of(subscription: Subscription) -> list[tuple[object, object, Decimal]]:
    return list(
        Rate.objects.filter(subscription=subscription)
        .order_by("valid_from")
        .values_list("valid_from", "valid_until", "per_second")
    )


def test_an_hour_is_charged_by_the_price_valid_in_it(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group, at=NOON + timedelta(minutes=30))
    publish(prices=dearer("2"), effective_from=NOON + HOUR, existing_from=TWO, at=NOON)

    deductions.run(at=THREE)

    assert charged(subscription) == [
        (NOON, 1800, "0.038586"),
        (ONE, 3600, "0.077173"),
        (TWO, 3600, "0.154346"),
    ]
    assert rates_of(subscription) == [
        (NOON + timedelta(minutes=30), TWO, STANDARD_RATE),
        (TWO, None, DOUBLE_RATE),
    ]


def test_a_price_only_for_new_sales_leaves_running_ones_alone(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    old = running(mia, group)
    publish(prices=dearer("2"), effective_from=ONE, at=NOON)
    new = running(mia, group, at=ONE)

    deductions.run(at=TWO)

    assert charged(old)[1] == (ONE, 3600, "0.077173")
    assert charged(new) == [(ONE, 3600, "0.154346")]
    assert not PriceAdoption.objects.exists()


def test_a_missed_hour_is_caught_up_at_that_hour_s_price(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)
    publish(prices=dearer("2"), effective_from=ONE, existing_from=ONE, at=NOON)
    publish(prices=dearer("3"), effective_from=TWO, existing_from=TWO, at=NOON)

    deductions.run(at=hours_after(NOON, 4))

    assert [amount for _hour, _seconds, amount in charged(subscription)] == [
        "0.077173",
        "0.154346",
        "0.231519",
        "0.231519",
    ]


def test_a_sale_by_an_older_price_takes_what_has_reached_its_neighbours(
    funded: FundAccount, mia: User, group: BusinessGroup, prices: PriceVersion
) -> None:
    from billing.actions import deployments, orders
    from tests.factories.billing import submitted, wanted

    order = submitted(mia, wanted(group))
    publish(prices=dearer("2"), effective_from=ONE, existing_from=ONE, at=NOON)
    orders.pay(actor=mia, order_id=order.pk, at=TWO)
    deployments.deploy(order_id=order.pk, now=lambda: TWO)

    subscription = Subscription.objects.get()
    assert rates_of(subscription) == [(TWO, None, DOUBLE_RATE)]
    assert subscription.price_version_id == prices.pk


def test_an_older_version_that_comes_later_changes_nothing(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)
    publish(prices=dearer("2"), effective_from=ONE, existing_from=THREE, at=NOON)
    publish(prices=dearer("3"), effective_from=TWO, existing_from=TWO, at=NOON)

    deductions.run(at=hours_after(NOON, 5))

    assert [amount for _hour, _seconds, amount in charged(subscription)] == [
        "0.077173",
        "0.077173",
        "0.231519",
        "0.231519",
        "0.231519",
    ]


def test_a_part_without_a_price_keeps_the_price_it_has(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)
    only_cpu = tuple(p for p in dearer("2") if p.component is Component.VCPU)
    publish(prices=only_cpu, effective_from=ONE, existing_from=ONE, at=NOON)

    deductions.run(at=TWO)

    assert charged(subscription)[1] == (ONE, 3600, "0.077173")
    assert len(rates_of(subscription)) == 1


def test_the_sweep_adopts_at_the_hour_and_counts_it_an_hour_later(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    running(mia, group)
    version = publish(prices=dearer("2"), effective_from=ONE, existing_from=ONE, at=NOON)

    early = sweeps.sweep_orders(now=lambda: ONE - timedelta(seconds=1))
    on_time = sweeps.sweep_orders(now=lambda: ONE)
    again = sweeps.sweep_orders(now=lambda: ONE + timedelta(minutes=1))
    assert (early.repriced, on_time.repriced, again.repriced) == (0, 1, 0)
    assert not PriceAdoption.objects.exists()

    sweeps.sweep_orders(now=lambda: TWO)
    assert PriceAdoption.objects.get().price_version_id == version.pk


def test_a_subscription_that_ended_before_is_not_repriced(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)
    subscriptions.end(actor=mia, instance_id=subscription.instance_id, at=ONE)
    publish(prices=dearer("2"), effective_from=ONE, existing_from=ONE, at=NOON)

    assert rates.adopt_due(at=TWO) == 0
    assert len(rates_of(subscription)) == 1


def test_configurations_are_compiled_each_by_itself(
    funded: FundAccount, mia: User, group: BusinessGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resources.actions.instances import Shape

    monkeypatch.setattr(rates, "BATCH", 2)
    shapes = [Shape(n, 2 * n, 10 * n, has_public_ip=bool(n % 2)) for n in range(1, 6)]
    subs = [running(mia, group, shape=shape) for shape in shapes]
    cheaper = (
        UnitPrice(Component.VCPU, Decimal("3.6"), None),
        *(UnitPrice(p.component, Decimal(0), None) for p in STANDARD[1:]),
    )
    publish(prices=cheaper, effective_from=ONE, existing_from=ONE, at=NOON)

    assert rates.adopt_due(at=ONE) == 5
    assert [rates_of(sub)[1][2] for sub in subs] == [Decimal(n) / 1000 for n in range(1, 6)]


def test_of_two_versions_for_one_hour_the_newer_holds(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)
    soon = NOON + timedelta(minutes=1)
    publish(prices=dearer("2"), effective_from=soon, existing_from=ONE, at=NOON)
    publish(prices=dearer("3"), effective_from=TWO, existing_from=TWO, at=NOON)
    publish(
        prices=dearer("4"), effective_from=soon + timedelta(1), existing_from=None, at=NOON
    )
    newer = soon + timedelta(seconds=1)
    publish(prices=dearer("5"), effective_from=newer, existing_from=ONE, at=NOON)

    deductions.run(at=THREE)

    assert [amount for _hour, _seconds, amount in charged(subscription)] == [
        "0.077173",
        "0.385864",
        "0.231519",
    ]


def test_a_version_that_comes_late_waits_for_the_next_open_hour(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)
    soon = NOON + timedelta(minutes=1)
    publish(prices=dearer("2"), effective_from=soon, existing_from=ONE, at=NOON)
    deductions.run(at=TWO)
    newer = soon + timedelta(seconds=1)
    publish(prices=dearer("3"), effective_from=newer, existing_from=ONE, at=NOON)

    deductions.run(at=hours_after(NOON, 4))

    assert [amount for _hour, _seconds, amount in charged(subscription)] == [
        "0.077173",
        "0.154346",
        "0.231519",
        "0.231519",
    ]
