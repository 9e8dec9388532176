"""The codes that the ledger's SQL knows, and what a movement and its result look like."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from cmp.lib.money import Money


class Kind(models.IntegerChoices):
    """Why money moves. Tens group the rules: 3x is usage, 4x–5x are holds, 6x undo."""

    RECHARGE = 10, _("Recharge")
    PROMOTION = 11, _("Promotion credit")
    PURCHASE = 20, _("Purchase")
    RENEWAL = 21, _("Renewal")
    USAGE = 30, _("Usage")
    HOURLY_USAGE = 31, _("Usage deduction")
    HOLD = 40, _("Hold for an order")
    HOLD_RELEASED = 50, _("Hold released")
    HOLD_CAPTURED = 51, _("Hold captured")
    HOLD_EXPIRED = 52, _("Hold expired")
    REVERSAL = 60, _("Reversal")
    REFUND = 61, _("Refund")
    ADJUSTMENT_IN = 70, _("Adjustment in")
    ADJUSTMENT_OUT = 71, _("Adjustment out")


class PotKind(models.IntegerChoices):
    """Where money is: two pots in each fund account, and the system's, one per currency."""

    AVAILABLE = 1, _("available")
    HELD = 2, _("held")
    GATEWAY_CLEARING = 10, _("gateway clearing")
    PROMOTION = 11, _("promotion")
    REVENUE = 12, _("revenue")
    TAX = 13, _("tax")
    SUSPENSE = 14, _("suspense")
    TRANSIT = 15, _("transit")
    ADJUSTMENT = 16, _("adjustment")


# Movements between the two pots of one fund account: they change no balance.
WITHIN_KINDS = frozenset(
    {Kind.HOLD, Kind.HOLD_RELEASED, Kind.HOLD_CAPTURED, Kind.HOLD_EXPIRED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Money that is to move once, from one pot to another."""

    source_id: int
    target_id: int
    amount: Money
    kind: Kind
    # The tenant of the fund account; 0 between two system pots.
    tenant_id: int
    # Why: `<noun>:<id>` of a higher app, such as `recharge:81`.
    reference: str
    # Business identity, such as `recharge:81:credit`: the same key moves money once.
    key: str
    at: datetime
    reverses_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A movement that stands in the ledger."""

    id: int
    # Of the available pot, or of whichever tracked pot the movement touches.
    balance_after: Money
    # Whether an earlier posting with this key was found, so that nothing moved now.
    replay: bool

    @property
    def number(self) -> str:
        return f"T-{self.id}"
