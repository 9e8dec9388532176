"""Money: an amount and its currency, and the only rounding of the project.

Amounts are `Decimal`. What crosses the border or stands on a document has the
currency's exponent (ISO 4217: JPY 0, USD 2, KWD 3); usage keeps six decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import Final

import moneyed

from cmp.lib.errors import DomainError

LIMIT: Final = Decimal("1e13")
USAGE_DECIMALS: Final = 6
_WIDE = Context(prec=60)


class CurrencyMismatch(DomainError):
    """Amounts of two currencies were put together."""


class NotWholeMinorUnits(DomainError):
    """The amount has decimals that the currency lacks."""


@cache
def is_currency(code: str) -> bool:
    """Whether `code` is an ISO 4217 currency in use."""
    return code in moneyed.CURRENCIES and len(code) == 3 and code.isupper()


@cache
def exponent(currency: str) -> int:
    """Decimals of a payable amount in this currency; raises `KeyError` if unknown."""
    return len(str(moneyed.CURRENCIES[currency].sub_unit)) - 1


def round_half_up(value: Decimal, digits: int) -> Decimal:
    """The one rounding of this project: half-up, away from zero at the half."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, context=_WIDE)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency. Arithmetic never crosses currencies."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        assert isinstance(self.amount, Decimal), "amounts are Decimal"
        assert self.amount.is_finite(), "amounts are finite"
        assert is_currency(self.currency), f"unknown currency {self.currency!r}"

    def __str__(self) -> str:
        digits = max(
            exponent(self.currency), -int(self.amount.normalize().as_tuple().exponent)
        )
        return f"{self.currency} {round_half_up(self.amount, digits):,f}"

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(Decimal(0), currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Money:
        """A payable amount: half-up to the currency's exponent."""
        return cls(round_half_up(amount, exponent(currency)), currency)

    @classmethod
    def six(cls, amount: Decimal, currency: str) -> Money:
        """A usage amount: half-up to six decimals."""
        return cls(round_half_up(amount, USAGE_DECIMALS), currency)

    @classmethod
    def from_minor_units(cls, units: int, currency: str) -> Money:
        return cls(Decimal(units).scaleb(-exponent(currency)), currency)

    @property
    def minor_units(self) -> int:
        """Whole minor units; raises `NotWholeMinorUnits` rather than rounding."""
        scaled = self.amount.scaleb(exponent(self.currency), context=_WIDE)
        if scaled != scaled.to_integral_value():
            raise NotWholeMinorUnits(f"{self} has more decimals than {self.currency} has.")
        return int(scaled)

    @property
    def is_zero(self) -> bool:
        return self.amount == 0

    @property
    def is_positive(self) -> bool:
        return self.amount > 0

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        return Money(_WIDE.multiply(self.amount, Decimal(factor)), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix.")
        return other.amount
