"""Corrections: a transaction is never changed, it is undone by another one."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions import audit
from accounts.models import User
from cmp.lib.errors import DomainError
from funds.actions import ledger
from funds.models import Transaction
from funds.types import WITHIN_KINDS, Kind, Movement, Posted


class NotReversible(DomainError):
    """Holds are released, and a reversal is final: neither is reversed."""


@transaction.atomic
def reverse(
    *,
    actor: User | None,
    transaction_id: int,
    reason: str,
    at: datetime,
    kind: Kind = Kind.REVERSAL,
) -> Posted:
    """Undo a transaction in full, once; again returns the same result.

    Raises `ledger.InsufficientFunds` where taking it back would break the floor, and
    `NotReversible`.
    """
    undone = Transaction.objects.get(pk=transaction_id)
    if undone.kind in WITHIN_KINDS or undone.reverses_id is not None:
        raise NotReversible(_("%(number)s cannot be undone.") % {"number": undone.number})
    posted = ledger.post(
        Movement(
            source_id=undone.target_id,
            target_id=undone.source_id,
            amount=undone.money,
            kind=kind,
            tenant_id=undone.tenant_id,
            reference=f"transaction:{undone.pk}",
            key=f"transaction:{undone.pk}:reverse",
            at=at,
            reverses_id=undone.pk,
        )
    )
    if not posted.replay:
        audit.record(
            actor=actor,
            verb="transaction.reversed",
            subject=f"transaction:{undone.pk}",
            after={"reversal": posted.number, "amount": str(undone.money)},
            tenant_id=undone.tenant_id or None,
            reason=reason,
            at=at,
        )
    return posted
