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
from django.db import connection, transaction

from accounts.models import Tenant
from cmp.lib.money import Money, NotWholeMinorUnits
from cmp.lib.periods import add_months
from funds.actions import holds, ledger
from funds.models import FundAccount
from funds.queries import balance_of
from funds.types import Kind, Posted
from pricing.models import Component, Sale
from pricing.rating import PriceSheet, UnitPrice, charge, compile_rate, quote
from tests.factories.funds import AT, hold, money, open_account, purchase, put_in

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
    assert {name for name, _ in tables()} == {*PURE, "seconds", "movements", "missing"}


# ---------------------------------------------------------------- with the database


@pytest.mark.django_db
def test_seconds_are_counted_as_the_page_says() -> None:
    def seconds(row: Row) -> Row:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT public.billing_seconds(%s, %s, %s)", [_day(t) for t in row[:3]]
            )
            return (*row[:3], str(cursor.fetchone()[0]))

    rows = dict(tables())["seconds"]

    assert [seconds(row) for row in rows] == rows


@pytest.mark.django_db
def test_a_fund_account_moves_as_the_page_says(acme_account: FundAccount) -> None:
    last_hold = 0

    def step(row: Row) -> Row:
        nonlocal last_hold
        verb, amount, *_ = row
        try:
            with transaction.atomic():
                posted = _move(acme_account, verb, amount, last_hold)
        except ledger.InsufficientFunds:
            return verb, amount, "refused", "", ""
        last_hold = posted.id if verb == "hold" else last_hold
        now = balance_of(acme_account.pk)
        return verb, amount, *map(_shown, (now.available, now.held, now.balance))

    rows = dict(tables())["movements"]

    assert [step(row) for row in rows] == rows


@pytest.mark.django_db
def test_what_is_missing_is_what_the_page_says(acme: Tenant) -> None:
    def missing(row: Row) -> Row:
        has, price, currency, _ = row
        Tenant.objects.filter(pk=acme.pk).update(currency=currency)
        acme.refresh_from_db()
        account = open_account(acme)
        if Decimal(has):
            put_in(account, has)
        with pytest.raises(ledger.InsufficientFunds) as refusal, transaction.atomic():
            ledger.post(purchase(account, price))
        return has, price, currency, _f(refusal.value.missing)

    rows = dict(tables())["missing"]

    assert [missing(row) for row in rows] == rows


def _move(account: FundAccount, verb: str, amount: str, last_hold: int) -> Posted:
    match verb:
        case "recharge":
            return put_in(account, amount)
        case "hold":
            return hold(account, amount)
        case "release":
            return holds.release(hold_id=last_hold, at=AT)
        case "capture":
            return holds.capture(
                hold_id=last_hold, reference="order:1", amount=money(account, amount), at=AT
            )
    kind = {"purchase": Kind.PURCHASE, "usage": Kind.USAGE}[verb]
    return ledger.post(purchase(account, amount, kind=kind))


def _shown(amount: Money) -> str:
    """As few decimals as the amount needs, but never fewer than its currency has."""
    return str(amount).removeprefix(f"{amount.currency} ")


def _day(time: str) -> datetime | None:
    if not time:
        return None
    return datetime.fromisoformat(f"2026-03-01 {time}").replace(tzinfo=UTC)
