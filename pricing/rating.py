"""Rating: the only code that turns a configuration into an amount.

The estimate, the order, the hold, the rate that the hourly run multiplies and the
price of a term all come from `quote`. Pure: no database, no clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cmp.lib.errors import DomainError
from cmp.lib.money import Money, round_half_up
from pricing.models import Component, Sale

RATE_DECIMALS: Final = 12
HOUR_S: Final = 3600
# What numeric(20,12) holds before its point; a rate beyond it is refused, not stored.
RATE_LIMIT: Final = Decimal("1e8")

Quantities = Mapping[Component, int]


class NotSold(DomainError):
    """The configuration has a part without a price for this way to pay."""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit of a component costs per hour and per month."""

    component: Component
    hourly: Decimal | None
    monthly: Decimal | None


@dataclass(frozen=True, slots=True)
class PriceSheet:
    """The prices of one product in one version of a price list."""

    price_version_id: int
    currency: str
    prices: Mapping[Component, UnitPrice]

    @classmethod
    def of(
        cls, price_version_id: int, currency: str, prices: Iterable[UnitPrice]
    ) -> "PriceSheet":
        return cls(price_version_id, currency, {price.component: price for price in prices})


@dataclass(frozen=True, slots=True)
class Line:
    """One component of a quote: how many units, at what, together."""

    component: Component
    quantity: int
    unit: Decimal
    amount: Money


@dataclass(frozen=True, slots=True)
class Quote:
    """What a configuration costs: per hour when sold hourly, per term when sold by term.

    `lines` and `rounding` sum to `total`. `per_second` is the compiled rate of an hourly
    sale and zero for a term, whose use costs nothing more.
    """

    sale: Sale
    lines: tuple[Line, ...]
    rounding: Money
    total: Money
    per_second: Decimal
    price_version_id: int


def quote(
    quantities: Quantities, sheet: PriceSheet, sale: Sale, *, months: int = 1
) -> Quote:
    """What this configuration costs, sold this way.

    Raises `NotSold` when a part has no price for it, or all of it would cost nothing.
    """
    lines = tuple(
        _line(component, quantity, sheet, sale, months)
        for component, quantity in sorted(quantities.items(), key=_catalogue_order)
        if quantity
    )
    per_second = Decimal(0)
    exact = sum((line.unit * line.quantity for line in lines), Decimal(0))
    if sale is Sale.HOURLY:
        per_second = compile_rate(exact)
        total = charge(per_second, HOUR_S, sheet.currency)
    else:
        total = Money.rounded(exact * months, sheet.currency)
    if not total.is_positive:
        raise NotSold("This configuration has no price.")
    summed = sum((line.amount for line in lines), Money.zero(sheet.currency))
    return Quote(sale, lines, total - summed, total, per_second, sheet.price_version_id)


def compile_rate(hourly: Decimal) -> Decimal:
    """The amount per second of an amount per hour, as rate rows store it."""
    per_second = round_half_up(hourly / HOUR_S, RATE_DECIMALS)
    assert 0 <= per_second < RATE_LIMIT, f"rate {per_second} is out of bounds"
    return per_second


def charge(per_second: Decimal, seconds: int, currency: str) -> Money:
    """What so many seconds at this rate cost; the hourly run computes the same in SQL."""
    assert seconds >= 0, "time does not run backwards"
    return Money.six(per_second * seconds, currency)


def _line(
    component: Component, quantity: int, sheet: PriceSheet, sale: Sale, months: int
) -> Line:
    assert quantity > 0, "quantities are whole and positive"
    assert months > 0, "a term has at least a month"
    price = sheet.prices.get(component)
    unit = None
    if price is not None:
        unit = price.hourly if sale is Sale.HOURLY else price.monthly
    if unit is None:
        raise NotSold(f"{component.label} is not sold this way.")
    times = quantity if sale is Sale.HOURLY else quantity * months
    return Line(component, quantity, unit, Money.six(unit * times, sheet.currency))


def _catalogue_order(entry: tuple[Component, int]) -> int:
    return list(Component).index(entry[0])
