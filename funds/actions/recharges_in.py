"""Money that arrived through a payment channel: into a fund account, or into suspense."""

from datetime import datetime

from django.db import transaction

from cmp.lib.money import Money
from funds import queries
from funds.actions import ledger
from funds.types import Kind, Movement, Posted, PotKind


@transaction.atomic
def credit(
    *, fund_account_id: int, amount: Money, reference: str, key: str, at: datetime
) -> Posted:
    """Put paid money in a fund account; never refused, and once per key.

    Raises `ledger.KeyReused` if the key stands for another movement.
    """
    return _credit_from(
        PotKind.GATEWAY_CLEARING, fund_account_id, amount, reference, key, at
    )


@transaction.atomic
def suspend(*, amount: Money, reference: str, key: str, at: datetime) -> Posted:
    """Keep paid money that nobody can be credited with yet; once per key."""
    clearing = ledger.system_pot_id(PotKind.GATEWAY_CLEARING, amount.currency)
    suspense = ledger.system_pot_id(PotKind.SUSPENSE, amount.currency)
    return ledger.post(
        Movement(
            source_id=clearing,
            target_id=suspense,
            amount=amount,
            kind=Kind.RECHARGE,
            tenant_id=0,
            reference=reference,
            key=key,
            at=at,
        )
    )


@transaction.atomic
def credit_suspended(
    *, fund_account_id: int, amount: Money, reference: str, key: str, at: datetime
) -> Posted:
    """Put money that `suspend` kept where a review found that it belongs."""
    return _credit_from(PotKind.SUSPENSE, fund_account_id, amount, reference, key, at)


def _credit_from(
    pot: PotKind,
    fund_account_id: int,
    amount: Money,
    reference: str,
    key: str,
    at: datetime,
) -> Posted:
    pots = queries.pots_of(fund_account_id)
    return ledger.post(
        Movement(
            source_id=ledger.system_pot_id(pot, amount.currency),
            target_id=pots.available_id,
            amount=amount,
            kind=Kind.RECHARGE,
            tenant_id=pots.tenant_id,
            reference=reference,
            key=key,
            at=at,
        )
    )
