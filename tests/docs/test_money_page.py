"""Every worked table of docs/money.md, recomputed with the product's own functions.

PRI-08: decimals with one stated rounding. REQ-06: one function for estimate and charge.
LIF-16: periods are computed from an anchor that is an argument.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from cmp.lib.money import Money, NotWholeMinorUnits
from cmp.lib.periods import add_months
from pricing.models import Component, Sale
from pricing.rating import PriceSheet, UnitPrice, charge, compile_rate, quote

PAGE = Path(__file__).parents[2] / "docs" / "money.md"
Row = tuple[str, ...]
UNIT_PRICES: Final = {
    Component.VCPU: ("0.0125", "7.80"),
    Component.MEMORY_GIB: ("0.00625", "3.95"),
    Component.DISK_GIB: ("0.000137", "0.0999"),
    Component.PUBLIC_IP: ("0.005", "3.60"),
}
SHEET: Final = PriceSheet.of(
    1,
    "USD",
    [UnitPrice(each, Decimal(h), Decimal(m)) for each, (h, m) in UNIT_PRICES.items()],
)


def tables() -> Iterator[tuple[str, list[Row]]]:
    """The named tables of the page, each as its rows below the head."""
    for part in PAGE.read_text().split("<!-- table: ")[1:]:
        name, _, rest = part.partition(" -->\n")
        lines = rest.partition("\n\n")[0].strip().splitlines()
        cells = [tuple(c.strip() for c in line.strip("|").split("|")) for line in lines]
        yield name, cells[2:]


def rounding(row: Row) -> Row:
    exact, currency, *_ = row
    payable = Money.rounded(Decimal(exact), currency).amount
    return (
        exact,
        currency,
        f"{payable:f}",
        f"{Money.six(Decimal(exact), currency).amount:f}",
    )


def minor_units(row: Row) -> Row:
    amount, currency, _ = row
    try:
        units = str(Money(Decimal(amount), currency).minor_units)
    except NotWholeMinorUnits:
        return amount, currency, "refused"
    assert Money.from_minor_units(int(units), currency).amount == Decimal(amount)
    return amount, currency, units


def quotes(row: Row) -> Row:
    quantities = dict(zip(Component, map(int, row[:4]), strict=True))
    result = quote(quantities, SHEET, Sale(row[4]), months=int(row[5]))
    summed = sum((line.amount.amount for line in result.lines), Decimal(0))
    return (*row[:6], f"{summed:.6f}", f"{result.rounding.amount:.6f}", _f(result.total))


def charges(row: Row) -> Row:
    hourly, _, seconds, _ = row
    rate = compile_rate(Decimal(hourly))
    return hourly, f"{rate:f}", seconds, f"{charge(rate, int(seconds), 'USD').amount:f}"


def periods(row: Row) -> Row:
    anchor, months, zone, _ = row
    at = datetime.fromisoformat(anchor).replace(tzinfo=UTC)
    return anchor, months, zone, f"{add_months(at, int(months), zone):%Y-%m-%d %H:%M}"


def _f(money: Money) -> str:
    return f"{money.amount:f}"


PURE: Final[dict[str, Callable[[Row], Row]]] = {
    "rounding": rounding,
    "minor units": minor_units,
    "quotes": quotes,
    "charges": charges,
    "periods": periods,
}


@pytest.mark.parametrize("name", PURE)
def test_the_page_states_what_the_product_computes(name: str) -> None:
    rows = dict(tables())[name]

    assert rows
    assert [PURE[name](row) for row in rows] == rows


def test_every_table_of_the_page_is_recomputed() -> None:
    assert {name for name, _ in tables()} == PURE.keys()
