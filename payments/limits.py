"""How much may be recharged at a time: the admin's two features and the gateway's own."""

from dataclasses import dataclass

from cmp.lib.money import Money, exponent
from features import queries as features


@dataclass(frozen=True, slots=True)
class Limits:
    """Both inclusive; no `largest` means that only the gateway bounds it."""

    smallest: Money
    largest: Money | None

    @property
    def is_stated(self) -> bool:
        """Whether an admin chose one, so that it is worth saying."""
        return self.largest is not None or self.smallest > _step(self.smallest.currency)


def limits_for(currency: str) -> Limits:
    """The limits in this currency; the features count in the fund account's own."""
    values = features.current()
    asked = Money.rounded(values.smallest_recharge, currency)
    smallest = max(asked, _step(currency))
    if values.largest_recharge is None:
        return Limits(smallest, None)
    return Limits(smallest, Money.rounded(values.largest_recharge, currency))


def _step(currency: str) -> Money:
    """The least that can be paid: cards refuse a third decimal."""
    return Money.from_minor_units(10 if exponent(currency) == 3 else 1, currency)
