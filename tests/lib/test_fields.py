from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from cmp.lib.fields import MoneyFormField
from cmp.lib.money import Money

SMALLEST, LARGEST = Money(Decimal("10.00"), "USD"), Money(Decimal("5000.00"), "USD")


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("100", "100"),
        ("100.50", "100.50"),
        (" 1,234.5 ", "1234.5"),
        ("١٠٠٫٥٠", "100.50"),
        ("१२५.२५", "125.25"),
        ("1 250", "1250"),
        ("+10", "10"),
    ],
)
def test_reads_what_people_type(typed: str, amount: str) -> None:
    field = MoneyFormField(currency="USD", smallest=SMALLEST, largest=LARGEST)

    assert field.clean(typed) == Money(Decimal(amount), "USD")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "This field is required."),
        ("5", "The smallest amount is USD 10.00; you entered “5”."),
        ("-5", "The smallest amount is USD 10.00; you entered “-5”."),
        ("0", "The smallest amount is USD 10.00; you entered “0”."),
        ("5000.01", "The largest amount is USD 5,000.00; you entered “5000.01”."),
        ("10.005", "USD has 2 decimals; you entered “10.005”."),
        ("NaN", "Enter an amount as a number, such as 100.00; you entered “NaN”."),
        ("1e40", "Enter an amount as a number, such as 100.00; you entered “1e40”."),
        ("5OO", "Enter an amount as a number, such as 100.00; you entered “5OO”."),
        ("1,23", "Enter an amount as a number, such as 100.00; you entered “1,23”."),
        ("--1", "Enter an amount as a number, such as 100.00; you entered “--1”."),
        ("²5", "Enter an amount as a number, such as 100.00; you entered “²5”."),
    ],
)
def test_refuses_with_what_was_typed(typed: str, message: str) -> None:
    field = MoneyFormField(currency="USD", smallest=SMALLEST, largest=LARGEST)

    with pytest.raises(ValidationError) as refusal:
        field.clean(typed)

    assert refusal.value.messages == [message]


def test_refuses_what_the_ledger_cannot_hold() -> None:
    with pytest.raises(ValidationError, match="too large"):
        MoneyFormField(currency="USD").clean("99999999999999999")


def test_shows_an_initial_amount_without_exponent() -> None:
    field = MoneyFormField(currency="USD")

    assert field.prepare_value(Money(Decimal("1E+2"), "USD")) == "100"
