"""The ledger: the only code in this project that moves money.

It calls the SQL functions of `funds/sql/0002_guards/05_post.sql`; the database judges
every rule again, whoever writes.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from cmp.lib.errors import DomainError, refusals
from cmp.lib.money import Money, round_half_up
from funds.types import Kind, Movement, Posted, PotKind

__all__ = [
    "AlreadyReversed",
    "InsufficientFunds",
    "KeyReused",
    "Kind",
    "Movement",
    "Posted",
    "PotKind",
    "lock_pots",
    "post",
    "post_many",
    "system_pot_id",
]


class InsufficientFunds(DomainError):
    """The fund account has less available than the movement takes.

    `missing` is what must come in first, up to the next whole minor unit.
    """

    def __init__(self, missing: Money) -> None:
        self.missing = _payable_from(missing)
        super().__init__(
            _("The fund account has too little money: %(missing)s is missing.")
            % {"missing": self.missing}
        )


class KeyReused(DomainError):
    """The idempotency key was used for another movement."""


class AlreadyReversed(DomainError):
    """The transaction was undone before, by another movement."""


_POST: Final = """
SELECT id, source_after, target_after, replay, refusal, missing
  FROM public.funds_post(%s::text, %s::bigint, %s::text, %s::bigint, %s::bigint,
    %s::numeric, %s::smallint, %s::text, %s::timestamptz, %s::bigint)"""

_POST_MANY: Final = """
SELECT key, id, source_after, target_after, replay, refusal, missing
  FROM public.funds_post_many(%s::text[], %s::bigint[], %s::text[], %s::bigint[],
    %s::bigint[], %s::numeric[], %s::smallint[], %s::text[], %s::timestamptz[],
    %s::bigint[])"""

_Row = tuple[Any, ...]


def post(movement: Movement) -> Posted:
    """Move money once and say what stands in the ledger.

    Must run inside the caller's transaction, so that the money and the fact that
    explains it commit together. Posting again under the same key returns the first
    result and moves nothing. After a refusal the caller's transaction is still usable.

    Raises `InsufficientFunds` if a pot would fall below its floor, `KeyReused` if the key
    was used for other content, `AlreadyReversed` if what it undoes is undone.
    """
    assert connection.in_atomic_block, "money moves inside its cause's transaction"
    with refusals(_RACES), connection.cursor() as cursor:
        cursor.execute(_POST, _columns(movement))
        row: _Row = cursor.fetchone()
    return _posted(movement, row)


def post_many(movements: Sequence[Movement]) -> list[Posted]:
    """Move money many times, all or nothing, in one statement; order as given per pot.

    The results are in the order of the movements. Refuses like `post`.
    """
    assert connection.in_atomic_block, "money moves inside its cause's transaction"
    if not movements:
        return []
    columns = list(zip(*(_columns(movement) for movement in movements), strict=True))
    with refusals(_RACES), connection.cursor() as cursor:
        cursor.execute(_POST_MANY, [list(column) for column in columns])
        rows: dict[str, _Row] = {row[0]: row[1:] for row in cursor.fetchall()}
    for movement in movements:
        if movement.key in rows and rows[movement.key][4]:
            _posted(movement, rows[movement.key])
    return [_posted(movement, rows[movement.key]) for movement in movements]


def system_pot_id(kind: PotKind, currency: str) -> int:
    """The system's pot of this kind and currency, made when first asked for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.funds_system_pot(%s::smallint, %s)", [kind, currency])
        (pot_id,) = cursor.fetchone()
    return int(pot_id)


def lock_pots(pot_ids: Sequence[int]) -> int:
    """Lock tracked pots in the one order, for a batch about to post; returns how many."""
    assert connection.in_atomic_block, "a lock lasts as long as its transaction"
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.funds_lock_pots(%s::bigint[])", [list(pot_ids)])
        (count,) = cursor.fetchone()
    return int(count)


# Only rivals that use one key for different pots, or one call that names a key twice,
# get as far as the unique index.
_RACES: Final = {
    "transaction_key_is_used_once": KeyReused("The key stands for another movement.")
}


def _columns(movement: Movement) -> list[Any]:
    amount = movement.amount.amount
    assert amount > 0, "an amount is positive; its direction is source and target"
    assert amount == round_half_up(amount, 6), "the ledger keeps six decimals"
    return [
        movement.key,
        movement.tenant_id,
        movement.amount.currency,
        movement.source_id,
        movement.target_id,
        amount,
        int(movement.kind),
        movement.reference,
        movement.at,
        movement.reverses_id,
    ]


def _posted(movement: Movement, row: _Row) -> Posted:
    transaction_id, source_after, target_after, replay, refusal, missing = row
    currency = movement.amount.currency
    if refusal == "ledger_floor":
        raise InsufficientFunds(Money(missing, currency))
    if refusal == "ledger_key_content":
        raise KeyReused(f"{movement.key} stands for another movement.")
    if refusal == "ledger_reversed":
        raise AlreadyReversed(f"Transaction T-{movement.reverses_id} is undone already.")
    # Of a hold both pots are tracked; what people ask for is what stays available.
    first, second = source_after, target_after
    if movement.kind != Kind.HOLD:
        first, second = target_after, source_after
    after = second if first is None else first
    balance = Money.zero(currency) if after is None else Money(after, currency)
    return Posted(id=transaction_id, balance_after=balance, replay=replay)


def _payable_from(missing: Money) -> Money:
    payable = Money.rounded(missing.amount, missing.currency)
    if payable >= missing:
        return payable
    return payable + Money.from_minor_units(1, missing.currency)
