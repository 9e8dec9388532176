"""FND-07, FND-08, SET-05: whatever happens in whatever order, the ledger equals a model.

The model is two dictionaries of decimals. After every step the balances are compared and
the books audited. The last test shows that the machine would notice.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cmp.lib import books
from cmp.lib.errors import DomainError
from funds import queries
from funds.actions import holds, ledger, reversals
from funds.checks import BOOK_CHECKS
from funds.models import FundAccount
from funds.types import Kind
from tests.factories.accounts import TenantFactory
from tests.factories.funds import AT, hold, money, open_account, purchase, put_in
from tests.funds.test_usage import BAIT

amounts = st.decimals("0.000001", "150", places=6) | st.integers(1, 100).map(Decimal)
which = st.integers(0, 1)
H10 = datetime(2026, 3, 1, 10, tzinfo=UTC)


@dataclass
class Wallet:
    """The model of a fund account."""

    floor: Decimal
    available: Decimal = Decimal(0)
    held: Decimal = Decimal(0)


@dataclass
class Hold:
    account: int
    amount: Decimal
    ended: str = ""


@dataclass
class Undoable:
    account: int
    delta: Decimal
    undone: bool = False


@dataclass
class Model:
    wallets: list[Wallet]
    holds: dict[int, Hold] = field(default_factory=dict)
    undoable: dict[int, Undoable] = field(default_factory=dict)


class LedgerMachine(RuleBasedStateMachine):
    """Two fund accounts of a tenant, one of them with a credit limit of 50."""

    owner: psycopg.Connection  # as cmp_owner, given by the test

    def __init__(self) -> None:
        super().__init__()
        tenant = TenantFactory.create()
        self.accounts = [
            open_account(tenant),
            open_account(tenant, kind=FundAccount.Kind.FLEXIBLE, credit_limit="50"),
        ]
        self.model = Model([Wallet(Decimal(0)), Wallet(Decimal(-50))])
        self.number = 0
        self.hours = [0, 0]
        for account in self.accounts:
            pot = queries.available_pot_id(account.pk)
            self.owner.execute("INSERT INTO starts VALUES (%s, %s)", [pot, H10])
        self.owner.commit()

    def next_number(self) -> int:
        self.number += 1
        return self.accounts[0].pk * 10_000 + self.number

    def refused_unless(self, fits: bool, act):
        """Do it; it must be refused exactly if the model says so. None if refused."""
        try:
            with transaction.atomic():
                result = act()
        except DomainError:
            assert not fits
            return None
        assert fits
        return result

    # ------------------------------------------------------------ rules

    @rule(index=which, amount=amounts, copies=st.integers(1, 3))
    def recharge(self, index, amount, copies):
        number = self.next_number()
        posted = {
            put_in(self.accounts[index], str(amount), number=number).id
            for _ in range(copies)
        }
        self.model.wallets[index].available += amount
        self.model.undoable[posted.pop()] = Undoable(index, amount)
        assert not posted

    @rule(index=which, amount=amounts)
    def purchase(self, index, amount):
        wallet = self.model.wallets[index]
        movement = purchase(self.accounts[index], str(amount), order=self.next_number())
        fits = wallet.available - amount >= wallet.floor
        posted = self.refused_unless(fits, lambda: ledger.post(movement))
        if posted:
            wallet.available -= amount
            assert posted.balance_after.amount == wallet.available
            self.model.undoable[posted.id] = Undoable(index, -amount)

    @rule(index=which, amount=amounts)
    def usage(self, index, amount):
        movement = purchase(
            self.accounts[index], str(amount), kind=Kind.USAGE, order=self.next_number()
        )
        with transaction.atomic():
            ledger.post(movement)
        self.model.wallets[index].available -= amount

    @rule(index=which, amount=amounts, idle=st.integers(0, 2))
    def hour(self, index, amount, idle):
        hour = H10 + timedelta(hours=self.hours[index] + idle)
        pot = queries.available_pot_id(self.accounts[index].pk)
        row = self.owner.execute(
            "INSERT INTO bait VALUES (%s, ARRAY[%s]::bigint[], ARRAY[%s]::numeric[], NULL) "
            "RETURNING moved",
            [hour, pot, amount],
        ).fetchone()
        self.owner.commit()
        assert row == (1,)
        self.hours[index] += idle + 1
        self.model.wallets[index].available -= amount

    @rule(index=which, amount=amounts)
    def hold(self, index, amount):
        wallet = self.model.wallets[index]
        order = self.next_number()
        fits = wallet.available - amount >= wallet.floor
        act = lambda: hold(self.accounts[index], str(amount), order=order)  # noqa: E731
        posted = self.refused_unless(fits, act)
        if posted:
            wallet.available -= amount
            wallet.held += amount
            self.model.holds[posted.id] = Hold(index, amount)

    @precondition(lambda self: self.model.holds)
    @rule(
        pick=st.integers(0),
        end=st.sampled_from(["release", "expire", "capture"]),
        share=st.sampled_from(["1", "0.5"]),
    )
    def end_hold(self, pick, end, share):
        hold_id = sorted(self.model.holds)[pick % len(self.model.holds)]
        modelled = self.model.holds[hold_id]
        account = self.accounts[modelled.account]
        taken = money(account, str(round(modelled.amount * Decimal(share), 6)))
        if taken.is_zero:
            return
        ways = {
            "release": lambda: holds.release(hold_id=hold_id, at=AT),
            "expire": lambda: holds.expire(hold_id=hold_id, at=AT),
            "capture": lambda: holds.capture(
                hold_id=hold_id, reference="order:1", at=AT, amount=taken
            ),
        }
        ending = f"{end} {taken}" if end == "capture" else end
        first = not modelled.ended
        posted = self.refused_unless(first or modelled.ended == ending, ways[end])
        if posted is None:
            return
        assert posted.replay is not first
        if first:
            modelled.ended = ending
            wallet = self.model.wallets[modelled.account]
            wallet.held -= modelled.amount
            wallet.available += modelled.amount
            if end == "capture":
                wallet.available -= taken.amount
                self.model.undoable[posted.id] = Undoable(modelled.account, -taken.amount)

    @precondition(lambda self: self.model.undoable)
    @rule(pick=st.integers(0))
    def reverse(self, pick):
        posted_id = sorted(self.model.undoable)[pick % len(self.model.undoable)]
        undoable = self.model.undoable[posted_id]
        wallet = self.model.wallets[undoable.account]
        fits = (
            undoable.undone
            or undoable.delta < 0
            or wallet.available - undoable.delta >= wallet.floor
        )
        undo = {"actor": None, "transaction_id": posted_id, "reason": "", "at": AT}
        posted = self.refused_unless(fits, lambda: reversals.reverse(**undo))
        if posted and not undoable.undone:
            undoable.undone = True
            wallet.available -= undoable.delta

    @rule(index=which, amounts=st.lists(amounts, min_size=2, max_size=4))
    def purchase_many(self, index, amounts):
        wallet = self.model.wallets[index]
        movements = [
            purchase(self.accounts[index], str(amount), order=self.next_number())
            for amount in amounts
        ]
        fits = wallet.available - sum(amounts) >= wallet.floor
        posted = self.refused_unless(fits, lambda: ledger.post_many(movements))
        if posted:
            wallet.available -= sum(amounts)

    @rule(index=which, amount=amounts)
    def crash_before_commit(self, index, amount):
        class Crash(Exception):
            """The power goes."""

        @transaction.atomic
        def interrupted() -> None:
            put_in(self.accounts[index], str(amount), number=self.next_number())
            raise Crash

        with pytest.raises(Crash):
            interrupted()

    @rule(index=which, amount=amounts)
    def reuse_a_key(self, index, amount):
        number = self.next_number()
        posted = put_in(self.accounts[index], str(amount), number=number)
        self.model.wallets[index].available += amount
        self.model.undoable[posted.id] = Undoable(index, amount)
        movement = replace(
            purchase(self.accounts[index], str(amount)), key=f"recharge:{number}:credit"
        )
        with pytest.raises(ledger.KeyReused), transaction.atomic():
            ledger.post(movement)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def balances_equal_the_model(self):
        found = queries.balances_of([account.pk for account in self.accounts])
        for account, wallet in zip(self.accounts, self.model.wallets, strict=True):
            balance = found[account.pk]
            assert balance.available.amount == wallet.available
            assert balance.held.amount == wallet.held

    @invariant()
    def the_books_are_in_order(self):
        assert {o.name: o.breaches for o in books.run(BOOK_CHECKS) if not o.ok} == {}


@pytest.fixture
def machine(committed_db):
    owner = committed_db.connect("owner")
    owner.execute(BAIT)
    owner.commit()
    LedgerMachine.owner = owner
    return LedgerMachine


def run(machine, *, examples: int, steps: int, phases=tuple(Phase)) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            phases=phases,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_ledger_equals_the_model(machine):
    run(machine, examples=12, steps=25)


@pytest.mark.deep
def test_the_ledger_equals_the_model_for_long(machine):
    run(machine, examples=150, steps=60)


def test_the_machine_notices(machine):
    """Its teeth: told of a floor that is not the ledger's, it finds a sale too many."""

    class Misinformed(LedgerMachine):
        def __init__(self) -> None:
            super().__init__()
            self.model.wallets[0].floor += 500

    with pytest.raises(AssertionError):
        # Not shrunk: that it fails is all that is asked.
        run(Misinformed, examples=20, steps=25, phases=[Phase.generate])
