"""No second of a subscription is paid twice, and none is free, whatever happens when.

Carries FND-10.

Random starts, ends, price changes and runs (missed, repeated, early) are played through
the product's actions, and every charge is compared with a reckoning that knows none of
them: second after second of each subscription, at the price that held in that hour.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import billing.checks
import funds.checks
from accounts.models import BusinessGroup, User
from billing.actions import deductions, subscriptions
from billing.models import Subscription
from cmp.lib import books
from cmp.lib.clock import HOUR, hour_floor
from funds.models import FundAccount
from resources.actions.instances import Shape
from tests.factories.billing import NOON, running
from tests.factories.pricing import STANDARD, dearer, publish

SECONDS = 8 * 3600
MICRO = Decimal("0.000001")
Moment = st.integers(0, SECONDS - 1).map(lambda s: NOON + timedelta(seconds=s))


@dataclass
class Version:
    """A price version as the reckoning sees it: a factor on the standard prices."""

    factor: str
    effective_from: datetime
    existing_from: datetime


starts = st.tuples(
    st.just("start"),
    Moment,
    st.builds(
        Shape, st.integers(1, 9), st.integers(1, 9), st.integers(10, 99), st.booleans()
    ),
)
ends = st.tuples(st.just("end"), Moment, st.integers(0, 9))
changes = st.tuples(st.just("price"), Moment, st.sampled_from(["0.5", "1.7", "3.333"]))
runs = st.tuples(st.just("run"), Moment, st.integers(0, 3))
plots = st.lists(st.one_of(starts, starts, ends, changes, runs), min_size=1, max_size=14)


@pytest.mark.parametrize(
    "examples", [50, pytest.param(400, marks=pytest.mark.deep)], ids=["short", "long"]
)
def test_every_second_is_charged_once(
    funded: FundAccount, mia: User, group: BusinessGroup, examples: int
) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        database=None,
    )
    @given(plot=plots)
    def play(plot: list[tuple]) -> None:
        with transaction.atomic():
            _play_and_compare(plot, mia, group)
            transaction.set_rollback(True)

    play()


def _play_and_compare(plot: list[tuple], mia: User, group: BusinessGroup) -> None:
    versions = [Version("1", datetime.min.replace(tzinfo=NOON.tzinfo), NOON)]
    sold: list[tuple[Subscription, Shape]] = []
    for verb, at, what in sorted(plot, key=lambda event: (event[1], event[0])):
        if verb == "start":
            sold.append((running(mia, group, at=at, shape=what), what))
        elif verb == "end" and sold:
            subscriptions.end(
                actor=mia, instance_id=sold[what % len(sold)][0].instance_id, at=at
            )
        elif verb == "price" and at > versions[-1].effective_from:
            version = Version(what, at, hour_floor(at) + HOUR)
            publish(
                prices=dearer(what),
                effective_from=version.effective_from,
                existing_from=version.existing_from,
                at=at,
            )
            versions.append(version)
        elif verb == "run":
            deductions.run(at=at, until=at - what * HOUR)
    horizon = NOON + timedelta(seconds=SECONDS)
    deductions.run(at=horizon)
    deductions.run(at=horizon)

    reckoned: dict[tuple[int, datetime], tuple[int, Decimal]] = {}
    for subscription, shape in sold:
        subscription.refresh_from_db()
        reckoned |= _reckon(subscription, shape, versions, horizon)
    assert _charges() == reckoned
    outcomes = books.run([*funds.checks.BOOK_CHECKS, *billing.checks.BOOK_CHECKS])
    assert [outcome for outcome in outcomes if not outcome.ok] == []


def _charges() -> dict[tuple[int, datetime], tuple[int, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT subscription_id, hour, seconds, amount FROM billing_charge")
        return {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}


def _reckon(
    subscription: Subscription, shape: Shape, versions: list[Version], horizon: datetime
) -> dict[tuple[int, datetime], tuple[int, Decimal]]:
    begins, ends_at = subscription.billed_from, subscription.billed_until or horizon
    count = max(0, int((min(ends_at, horizon) - begins).total_seconds()))
    per_hour = Counter(hour_floor(begins + timedelta(seconds=n)) for n in range(count))
    return {
        (subscription.pk, hour): (
            seconds,
            _rounded(_rate(shape, _factor(versions, begins, hour)) * seconds, MICRO),
        )
        for hour, seconds in per_hour.items()
    }


def _factor(versions: list[Version], sold_at: datetime, hour: datetime) -> str:
    """The newest version of those the sale took and those that have reached everything."""
    known = [v for v in versions if v.effective_from <= sold_at or v.existing_from <= hour]
    return max(known, key=lambda v: v.effective_from).factor


def _rate(shape: Shape, factor: str) -> Decimal:
    units = [shape.vcpu, shape.memory_gib, shape.disk_gib, int(shape.has_public_ip)]
    hourly = Decimal(0)
    for unit, price in zip(units, STANDARD, strict=True):
        assert price.hourly is not None
        hourly += unit * round(price.hourly * Decimal(factor), 12)
    return _rounded(hourly / 3600, Decimal("1e-12"))


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, ROUND_HALF_UP)
