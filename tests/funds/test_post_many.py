"""`post_many` is `post` many times: the same rows, balances and refusals."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmp.lib.money import Money
from funds import queries
from funds.actions import ledger
from funds.models import FundAccount, Transaction
from funds.types import Kind, Movement, PotKind
from tests.factories.funds import money, open_account, purchase, put_in

pytestmark = pytest.mark.django_db
COLUMNS = (
    "source_id",
    "target_id",
    "amount",
    "kind",
    "key",
    "reference",
    "source_version",
    "source_balance_after",
    "target_version",
    "target_balance_after",
)
amounts = st.decimals("0.000001", "60", places=6)
kinds = st.sampled_from([Kind.RECHARGE, Kind.PURCHASE, Kind.USAGE, Kind.HOLD])
steps = st.lists(
    st.tuples(st.integers(0, 2), kinds, amounts, st.integers(1, 12)), max_size=12
)


@pytest.fixture
def accounts(acme) -> list[FundAccount]:
    made = [open_account(acme) for _ in range(3)]
    for account in made:
        put_in(account, "100")
    return made


def movement(account: FundAccount, kind: Kind, amount: Decimal, number: int) -> Movement:
    """A movement of this kind; the same number means the same key."""
    out = replace(
        purchase(account, "1", order=number),
        amount=Money(amount, account.currency),
        kind=kind,
        key=f"step:{number}:{account.pk}",
    )
    if kind == Kind.HOLD:
        return replace(out, target_id=queries.pots_of(account.pk).held_id)
    if kind == Kind.RECHARGE:
        clearing = ledger.system_pot_id(PotKind.GATEWAY_CLEARING, account.currency)
        return replace(out, source_id=clearing, target_id=out.source_id)
    return out


class Undone(Exception):
    """Thrown to roll one of the two ways back."""


def outcome_of(post_all, movements: list[Movement]):
    """What came out, what stands in the ledger then; nothing stays."""
    result = None
    try:
        with transaction.atomic():
            try:
                result = [(p.balance_after, p.replay) for p in post_all(movements)]
            except (ledger.InsufficientFunds, ledger.KeyReused) as refusal:
                return type(refusal)
            rows = list(Transaction.objects.order_by("id").values_list(*COLUMNS))
            raise Undone
    except Undone:
        return result, rows


def one_by_one(movements: list[Movement]):
    return [ledger.post(each) for each in movements]


@given(steps)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_many_equal_one_by_one(accounts, chosen):
    movements, seen = [], set()
    for index, kind, amount, number in chosen:
        each = movement(accounts[index], kind, amount, number)
        # A key twice in one call is refused there, and a replay one by one.
        if each.key not in seen:
            movements.append(each)
            seen.add(each.key)

    assert outcome_of(ledger.post_many, movements) == outcome_of(one_by_one, movements)


def test_a_thousand_at_once_are_as_right_as_one(accounts):
    movements = [
        movement(accounts[n % 3], kind, Decimal("0.01"), n)
        for n in range(1002)
        for kind in [Kind.PURCHASE if n % 2 else Kind.RECHARGE]
    ]

    posted = ledger.post_many(movements)

    assert len({p.id for p in posted}) == 1002
    assert [str(queries.balance_of(a.pk).available) for a in accounts] == [
        "USD 100.00",
        "USD 100.00",
        "USD 100.00",
    ]


def test_what_is_missing_is_named_for_the_whole_set(accounts):
    account = accounts[0]
    wanted = [purchase(account, "60", order=n) for n in (1, 2, 3)]

    with pytest.raises(ledger.InsufficientFunds) as refusal:
        ledger.post_many(wanted)

    assert refusal.value.missing == money(account, "80")
    assert queries.balance_of(account.pk).available == money(account, "100")
