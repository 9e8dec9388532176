"""Holds: money of a fund account set aside for an order.

A hold is its HOLD transaction. Releasing, expiring and capturing undo it in full, each at
most once; a capture is that release plus the purchase, in one posting.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cmp.lib.errors import DomainError
from cmp.lib.money import Money
from funds import queries
from funds.actions import ledger
from funds.models import Transaction
from funds.types import Kind, Movement, Posted, PotKind


class HoldAlreadyResolved(DomainError):
    """The hold was released, captured or expired before, in another way."""


class CaptureExceedsHold(DomainError):
    """More is to be taken than was set aside."""


@transaction.atomic
def place(
    *, fund_account_id: int, amount: Money, reference: str, key: str, at: datetime
) -> Posted:
    """Set money aside, from the available to the held pot; its id names the hold.

    The same key returns the first hold. Raises `ledger.InsufficientFunds`.
    """
    pots = queries.pots_of(fund_account_id)
    return ledger.post(
        Movement(
            source_id=pots.available_id,
            target_id=pots.held_id,
            amount=amount,
            kind=Kind.HOLD,
            tenant_id=pots.tenant_id,
            reference=reference,
            key=key,
            at=at,
        )
    )


@transaction.atomic
def release(*, hold_id: int, at: datetime) -> Posted:
    """Give the money of a hold back; again returns the same result.

    Raises `HoldAlreadyResolved` if it was captured or expired.
    """
    hold = _hold(hold_id)
    return _resolved([_undoing(hold, Kind.HOLD_RELEASED, "release", at)], hold)


@transaction.atomic
def expire(*, hold_id: int, at: datetime) -> Posted:
    """Give the money of a hold back because nobody took it in time; otherwise `release`."""
    hold = _hold(hold_id)
    return _resolved([_undoing(hold, Kind.HOLD_EXPIRED, "expire", at)], hold)


@transaction.atomic
def capture(
    *,
    hold_id: int,
    reference: str,
    at: datetime,
    amount: Money | None = None,
    kind: Kind = Kind.PURCHASE,
) -> Posted:
    """Take what was set aside, or less; what is left becomes available again.

    Returns the purchase; again returns the same result. Raises `HoldAlreadyResolved` if it
    was released, expired, or captured at another amount, and `CaptureExceedsHold`.
    """
    hold = _hold(hold_id)
    taken = hold.money if amount is None else amount
    if taken > hold.money:
        raise CaptureExceedsHold(
            _("%(taken)s cannot be taken from a hold of %(held)s.")
            % {"taken": taken, "held": hold.money}
        )
    purchase = Movement(
        source_id=hold.source_id,
        target_id=ledger.system_pot_id(PotKind.REVENUE, hold.currency),
        amount=taken,
        kind=kind,
        tenant_id=hold.tenant_id,
        reference=reference,
        key=f"hold:{hold.pk}:purchase",
        at=at,
    )
    undone = _undoing(hold, Kind.HOLD_CAPTURED, "capture", at)
    return _resolved([undone, purchase], hold)


def _hold(hold_id: int) -> Transaction:
    return Transaction.objects.get(pk=hold_id, kind=Kind.HOLD)


def _undoing(hold: Transaction, kind: Kind, verb: str, at: datetime) -> Movement:
    return Movement(
        source_id=hold.target_id,
        target_id=hold.source_id,
        amount=hold.money,
        kind=kind,
        tenant_id=hold.tenant_id,
        reference=hold.reference,
        key=f"hold:{hold.pk}:{verb}",
        at=at,
        reverses_id=hold.pk,
    )


def _resolved(movements: list[Movement], hold: Transaction) -> Posted:
    """Post all of them and return the last, or say that the hold is resolved already."""
    try:
        return ledger.post_many(movements)[-1]
    except (ledger.AlreadyReversed, ledger.KeyReused) as refusal:
        raise HoldAlreadyResolved(
            _("The hold %(number)s was resolved before.") % {"number": hold.number}
        ) from refusal
