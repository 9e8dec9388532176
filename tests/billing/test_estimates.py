"""What was shown is what is charged: Python and SQL agree, hourly and by the month.

Carries REQ-06.
"""

import random
from decimal import Decimal

import pytest
from django.db import connection

import funds.queries
from accounts.models import BusinessGroup, Tenant, User
from billing import queries
from billing.actions import deductions
from billing.models import Order
from cmp.lib.money import Money
from funds.models import FundAccount
from pricing import rating
from pricing.models import Component, Sale
from pricing.rating import UnitPrice
from resources.actions.instances import Shape
from tests.factories.billing import NOON, charged, completed, hours_after, wanted
from tests.factories.funds import open_account, put_in
from tests.factories.pricing import sheet


def _prices(chance: random.Random) -> dict[str, UnitPrice]:
    return {
        component.name: UnitPrice(
            component,
            Decimal(chance.randrange(1, 10**13)).scaleb(-12),
            Decimal(chance.randrange(1, 10**9)).scaleb(-6),
        )
        for component in Component
    }


def _shape(chance: random.Random) -> Shape:
    return Shape(
        chance.randint(1, 64),
        chance.randint(1, 512),
        chance.randint(10, 4000),
        chance.random() < 0.5,
    )


def test_sql_charges_what_python_estimates_for_a_thousand_configurations(
    database: None,
) -> None:
    """An hour and a part of one, by the expressions of the hourly run."""
    chance = random.Random(1)
    quotes = [
        rating.quote(
            queries.quantities_of(_shape(chance)),
            sheet("USD", **_prices(chance)),
            Sale.HOURLY,
        )
        for _number in range(1000)
    ]
    seconds = [chance.randint(1, 3599) for _number in quotes]

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT round(rate::numeric(20, 12) * 3600, 6), round(rate * part, 6)"
            " FROM unnest(%s::numeric[], %s::int[]) WITH ORDINALITY AS r (rate, part, n)"
            " ORDER BY n",
            [[quote.per_second for quote in quotes], seconds],
        )
        rows = cursor.fetchall()

    assert [row[0] for row in rows] == [quote.total.amount for quote in quotes]
    assert [row[1] for row in rows] == [
        rating.charge(quote.per_second, part, "USD").amount
        for quote, part in zip(quotes, seconds, strict=True)
    ]


@pytest.mark.parametrize("configurations", [20, pytest.param(1000, marks=pytest.mark.deep)])
def test_orders_are_charged_what_was_estimated(
    funded: FundAccount, mia: User, group: BusinessGroup, configurations: int
) -> None:
    """Each configuration both ways: shown, ordered, held, deployed, charged."""
    chance = random.Random(2)
    put_in(funded, "1000000000.00")
    shown = Decimal(0)
    hourly = []
    for _number in range(configurations):
        shape = _shape(chance)
        for sale in Sale:
            estimate = queries.estimate(account=funded, shape=shape, sale=sale, at=NOON)
            order = completed(mia, wanted(group, shape=shape, sale=sale))
            assert order.amount == estimate.quote.total.amount
            shown += estimate.quote.total.amount
            if sale is Sale.HOURLY:
                hourly.append(order)

    deductions.run(at=hours_after(NOON, 1))

    for order in hourly:
        assert charged(order.subscription) == [(NOON, 3600, f"{order.amount:.6f}")]
    assert funds.queries.balance_of(funded.pk).balance == Money(
        Decimal("1000000100.00") - shown, "USD"
    )
    assert Order.objects.filter(state=Order.State.COMPLETED).count() == 2 * configurations


def test_the_estimate_says_what_is_missing(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """FND-09: too small a balance names the missing amount."""
    large = Shape(8, 16, 100, has_public_ip=False)

    found = queries.estimate(account=funded, shape=large, sale=Sale.TERM, at=NOON)

    # 8 × 12.00 + 16 × 3.50 + 100 × 0.07 = 159.00 of 100.00
    assert (found.is_short, found.missing) == (True, Money(Decimal("59.00"), "USD"))
    assert found.left_afterwards == Money(Decimal("-59.00"), "USD")


def test_what_is_missing_for_an_hour_is_rounded_up_to_payable_money(
    acme_account: FundAccount, prices: object, group: BusinessGroup
) -> None:
    small = Shape(2, 4, 50, has_public_ip=True)

    found = queries.estimate(account=acme_account, shape=small, sale=Sale.HOURLY, at=NOON)

    assert found.hold == Money(Decimal("0.077173"), "USD")
    assert found.missing == Money(Decimal("0.08"), "USD")


def test_nothing_is_missing_where_nothing_is_held(
    acme: Tenant, prices: object, group: BusinessGroup
) -> None:
    account = open_account(acme, kind=FundAccount.Kind.POSTPAID, groups=[group])

    found = queries.estimate(
        account=account,
        shape=Shape(64, 512, 4000, has_public_ip=True),
        sale=Sale.TERM,
        at=NOON,
    )

    assert (found.is_short, found.missing, found.hold.amount) == (
        False,
        Money.zero("USD"),
        Decimal(0),
    )


def test_a_credit_limit_counts_as_spendable(
    acme: Tenant, prices: object, group: BusinessGroup
) -> None:
    account = open_account(
        acme, kind=FundAccount.Kind.FLEXIBLE, groups=[group], credit_limit="50.00"
    )

    found = queries.estimate(
        account=account, shape=Shape(2, 4, 50, has_public_ip=True), sale=Sale.TERM, at=NOON
    )

    assert (found.is_short, found.available) == (False, Money(Decimal("50.00"), "USD"))
