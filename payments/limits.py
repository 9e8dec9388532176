"""How much may be recharged at a time: the admin's two features and the gateway's own."""

from dataclasses import dataclass

from cmp.lib.money import Money, exponent
from features import queries as features


@dataclass(frozen=True, slots=True)
class Limits:
    """Both inclusive; no `largest` means that only the gateway bounds it."""

    smallest: Money
    largest: Money | None


def limits_for(currency: str) -> Limits:
    """The limits in this currency; the features count in the fund account's own."""
    values = features.current()
    # Cards refuse a third decimal, so one step is never finer than a hundredth.
    step = 10 if exponent(currency) == 3 else 1
    smallest = max(
        Money.rounded(values.smallest_recharge, currency),
        Money.from_minor_units(step, currency),
    )
    if values.largest_recharge is None:
        return Limits(smallest, None)
    return Limits(smallest, Money.rounded(values.largest_recharge, currency))
