"""PRI-08: amounts are decimals, and there is one rounding."""

from decimal import Decimal

import moneyed
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmp.lib.money import (
    CurrencyMismatch,
    Money,
    NotWholeMinorUnits,
    exponent,
    round_half_up,
)

CURRENCIES = sorted(code for code in moneyed.CURRENCIES if len(code) == 3)


@pytest.mark.parametrize(
    ("value", "digits", "rounded"),
    [
        ("0.005", 2, "0.01"),
        ("0.0049999", 2, "0.00"),
        ("-0.005", 2, "-0.01"),
        ("2.5", 0, "3"),
        ("1.0000005", 6, "1.000001"),
        ("9999999999999.9999995", 6, "10000000000000.000000"),
    ],
)
def test_halves_round_away_from_zero(value: str, digits: int, rounded: str) -> None:
    assert round_half_up(Decimal(value), digits) == Decimal(rounded)


@pytest.mark.parametrize(
    ("currency", "digits"), [("JPY", 0), ("USD", 2), ("AED", 2), ("KWD", 3), ("CLF", 4)]
)
def test_exponents_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@given(st.integers(-(10**15), 10**15), st.sampled_from(CURRENCIES))
def test_minor_units_survive_the_round_trip(units: int, currency: str) -> None:
    assert Money.from_minor_units(units, currency).minor_units == units


def test_refuses_a_fraction_of_a_minor_unit() -> None:
    with pytest.raises(
        NotWholeMinorUnits, match=r"USD 1\.005 has more decimals than USD has"
    ):
        _ = Money(Decimal("1.005"), "USD").minor_units


def test_currencies_do_not_mix() -> None:
    dollar, dirham = Money(Decimal(1), "USD"), Money(Decimal(1), "AED")

    for mix in (lambda: dollar + dirham, lambda: dollar - dirham, lambda: dollar < dirham):
        with pytest.raises(CurrencyMismatch, match="USD and AED do not mix"):
            mix()


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_amounts_are_finite(amount: str) -> None:
    with pytest.raises(AssertionError, match="finite"):
        Money(Decimal(amount), "USD")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234567.5", "USD", "USD 1,234,567.50"),
        ("0.000001", "USD", "USD 0.000001"),
        ("-12", "KWD", "KWD -12.000"),
        ("1200", "JPY", "JPY 1,200"),
        ("100", "USD", "USD 100.00"),
    ],
)
def test_text_names_the_currency_and_keeps_every_decimal(
    amount: str, currency: str, text: str
) -> None:
    assert str(Money(Decimal(amount), currency)) == text
