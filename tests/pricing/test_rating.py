"""The one rating: worked examples, and the properties that every price must have.

Carries PRI-08, REQ-06.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmp.lib.money import Money, exponent
from pricing import rating
from pricing.models import Component, Sale
from pricing.rating import NotSold, UnitPrice
from tests.factories.pricing import sheet

SMALL = {
    Component.VCPU: 2,
    Component.MEMORY_GIB: 4,
    Component.DISK_GIB: 50,
    Component.PUBLIC_IP: 1,
}


def test_hour_of_a_small_instance() -> None:
    """PRI-14: server time by the hour."""
    quote = rating.quote(SMALL, sheet(), Sale.HOURLY)

    # 2 × 0.021 + 4 × 0.006 + 50 × 0.000123456789 + 0.005 = 0.07717283945 per hour
    assert quote.per_second == Decimal("0.000021436900")
    assert quote.total == Money(Decimal("0.077173"), "USD")
    assert [(line.component, str(line.amount.amount)) for line in quote.lines] == [
        (Component.VCPU, "0.042000"),
        (Component.MEMORY_GIB, "0.024000"),
        (Component.DISK_GIB, "0.006173"),
        (Component.PUBLIC_IP, "0.005000"),
    ]
    assert quote.rounding == Money(Decimal("0.000000"), "USD")
    assert quote.price_version_id == 1


def test_month_of_a_small_instance() -> None:
    """PRI-14: and by the month."""
    quote = rating.quote(SMALL, sheet(), Sale.TERM)

    # 2 × 12.00 + 4 × 3.50 + 50 × 0.07 + 3.00
    assert quote.total == Money(Decimal("44.50"), "USD")
    assert quote.per_second == 0
    assert quote.rounding.is_zero


def test_three_months_cost_three_times_one() -> None:
    assert rating.quote(SMALL, sheet(), Sale.TERM, months=3).total == Money(
        Decimal("133.50"), "USD"
    )


@pytest.mark.parametrize(
    ("currency", "total", "rounding"),
    [
        ("USD", "10.01", "0.005"),
        ("KWD", "10.005", "0"),
        ("JPY", "10", "-0.005"),
    ],
)
def test_a_term_is_payable_in_its_currency(
    currency: str, total: str, rounding: str
) -> None:
    odd = UnitPrice(Component.VCPU, Decimal(1), Decimal("10.005"))

    quote = rating.quote({Component.VCPU: 1}, sheet(currency, VCPU=odd), Sale.TERM)

    assert quote.total == Money(Decimal(total), currency)
    assert quote.rounding == Money(Decimal(rounding), currency)


def test_lines_that_round_away_leave_a_rounding_line() -> None:
    half = Decimal("0.0000005")
    tiny = {c.name: UnitPrice(c, half, None) for c in (Component.VCPU, Component.DISK_GIB)}

    quote = rating.quote(
        {Component.VCPU: 1, Component.DISK_GIB: 1}, sheet("USD", **tiny), Sale.HOURLY
    )

    assert [line.amount.amount for line in quote.lines] == [Decimal("0.000001")] * 2
    assert quote.total.amount == Decimal("0.000001")
    assert quote.rounding.amount == Decimal("-0.000001")


def test_what_is_not_asked_for_has_no_line() -> None:
    quote = rating.quote({Component.VCPU: 1, Component.PUBLIC_IP: 0}, sheet(), Sale.HOURLY)

    assert [line.component for line in quote.lines] == [Component.VCPU]


@pytest.mark.parametrize(
    ("_case", "price", "sale"),
    [
        ("no hourly price", UnitPrice(Component.VCPU, None, Decimal(1)), Sale.HOURLY),
        ("no monthly price", UnitPrice(Component.VCPU, Decimal(1), None), Sale.TERM),
        ("free of charge", UnitPrice(Component.VCPU, Decimal(0), Decimal(0)), Sale.HOURLY),
        ("below a cent", UnitPrice(Component.VCPU, None, Decimal("0.004")), Sale.TERM),
    ],
)
def test_refuses_to_sell_without_a_price(_case: str, price: UnitPrice, sale: Sale) -> None:
    with pytest.raises(NotSold):
        rating.quote({Component.VCPU: 1}, sheet(VCPU=price), sale)


@pytest.mark.parametrize("quantity", [-1, -1_000_000])
def test_a_negative_quantity_is_our_bug(quantity: int) -> None:
    with pytest.raises(AssertionError):
        rating.quote({Component.VCPU: quantity}, sheet(), Sale.HOURLY)


hourly_prices = st.decimals(min_value=0, max_value=1000, places=12)
monthly_prices = st.decimals(min_value=0, max_value=100_000, places=6)
sizes = st.fixed_dictionaries({c: st.integers(0, 4000) for c in Component})


@given(
    hourly=st.lists(hourly_prices, min_size=4, max_size=4),
    monthly=st.lists(monthly_prices, min_size=4, max_size=4),
    quantities=sizes,
    sale=st.sampled_from(Sale),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_an_estimate_is_what_is_charged(
    hourly, monthly, quantities, sale, currency
) -> None:
    prices = {
        c.name: UnitPrice(c, h, m)
        for c, h, m in zip(Component, hourly, monthly, strict=True)
    }
    try:
        quote = rating.quote(quantities, sheet(currency, **prices), sale)
    except NotSold:
        return

    zero = Money.zero(currency)
    assert sum((line.amount for line in quote.lines), zero) + quote.rounding == quote.total
    if sale is Sale.HOURLY:
        assert rating.charge(quote.per_second, 3600, currency) == quote.total
    else:
        assert quote.total.minor_units * Decimal(1).scaleb(-exponent(currency)) == (
            quote.total.amount
        )


@given(
    per_second=st.decimals(min_value=0, max_value=1000, places=12),
    seconds=st.integers(0, 3600),
)
def test_a_part_of_an_hour_never_costs_more_than_the_hour(per_second, seconds) -> None:
    whole = rating.charge(per_second, 3600, "USD")
    part = rating.charge(per_second, seconds, "USD")
    rest = rating.charge(per_second, 3600 - seconds, "USD")

    assert part <= whole
    # Two roundings of half a millionth each: a cut hour is exact to one millionth.
    assert abs((part + rest - whole).amount) <= Decimal("0.000001")
