"""F11, F12, F37, F38, F40: rivals for one balance, with exact counts of how they end.

FND-07: balance = sum of transactions under a rush. FND-08: simultaneous deductions never
go below the floor; the late one is refused. Each has a teeth twin without the guard.
"""

from decimal import Decimal
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from accounts.models import Tenant
from cmp.lib.money import Money
from funds import queries
from funds.actions import holds, ledger
from funds.models import FundAccount, Transaction
from funds.types import Kind, Movement, PotKind
from tests.databases import Database
from tests.factories.accounts import TenantFactory
from tests.factories.funds import AT, hold, open_account, purchase, put_in
from tests.faults.books import breaches
from tests.faults.rivals import Part, in_threads, race


@pytest.fixture
def tenant(committed_db: Database) -> Tenant:
    return TenantFactory.create(slug="acme", name="Acme", currency="USD")


@pytest.fixture
def account(tenant: Tenant) -> FundAccount:
    return open_account(tenant)


def crowd(request: pytest.FixtureRequest, small: int, full: int) -> int:
    return full if request.config.getoption("--deep") else small


# ---------------------------------------------------------------- F37 recharges


def test_f37_a_hundred_recharges_at_once_add_up(
    account: FundAccount, request: pytest.FixtureRequest
) -> None:
    rivals = crowd(request, 20, 100)
    each = 100 // rivals

    def part(number: int) -> Part:
        def recharge() -> str:
            for turn in range(each):
                with transaction.atomic():
                    put_in(account, "0.01", number=number * each + turn + 1)
            return "recharged"

        return recharge

    ended = race([part(number) for number in range(rivals)])

    versions = Transaction.objects.order_by("target_version").values_list(
        "target_version", "target_balance_after"
    )
    assert ended == {"recharged": rivals}
    assert list(versions) == [(n, Decimal(n) / 100) for n in range(1, 101)]
    assert str(queries.balance_of(account.pk).available) == "USD 1.00"
    assert breaches("funds") == []


def test_f37_teeth_without_the_guard_recharges_get_lost(
    account: FundAccount, committed_db: Database
) -> None:
    owner = committed_db.connect("owner")
    owner.execute("DROP TRIGGER pot_balance_moves ON funds_potbalance")
    owner.commit()
    pot_id = queries.available_pot_id(account.pk)
    all_have_read = Barrier(4)

    def part() -> str:
        with committed_db.connect("owner") as bare:
            read = "SELECT balance FROM funds_potbalance WHERE pot_id = %s"
            (balance,) = bare.execute(read, [pot_id]).fetchone() or (None,)
            all_have_read.wait()
            bare.execute(
                "UPDATE funds_potbalance SET balance = %s, version = version + 1"
                " WHERE pot_id = %s",
                [balance + 1, pot_id],
            )
        return "recharged"

    in_threads([part] * 4)

    assert str(queries.balance_of(account.pk).available) == "USD 1.00"


# ---------------------------------------------------------------- F38 purchases


@pytest.mark.parametrize(("balance", "price"), [("1000", "30"), ("10", "0.33")])
def test_f38_a_hundred_buyers_get_exactly_what_the_balance_pays(
    account: FundAccount, request: pytest.FixtureRequest, balance: str, price: str
) -> None:
    put_in(account, balance)
    rivals = crowd(request, 25, 100)
    tries = 100 // rivals
    sold = int(Decimal(balance) // Decimal(price))

    def part(number: int) -> Part:
        def buy() -> int:
            bought = 0
            for turn in range(tries):
                try:
                    with transaction.atomic():
                        order = number * tries + turn + 1
                        ledger.post(purchase(account, price, order=order))
                    bought += 1
                except ledger.InsufficientFunds:
                    continue
            return bought

        return buy

    ended = race([part(number) for number in range(rivals)])

    assert sum(int(word) * count for word, count in ended.items()) == sold
    assert ended.total() == rivals
    left = Decimal(balance) - sold * Decimal(price)
    assert queries.balance_of(account.pk).available == Money(left, "USD")
    assert Transaction.objects.filter(kind=Kind.PURCHASE).count() == sold
    assert breaches("funds") == []


def test_f38_teeth_reading_first_sells_what_is_not_there(
    account: FundAccount, committed_db: Database
) -> None:
    """Without the floor in the database, check-then-act sells ten times what is paid."""
    put_in(account, "30")
    with committed_db.connect("owner") as owner:
        owner.execute(
            "UPDATE funds_pot SET floor = NULL, usage_floor = NULL WHERE kind = 1"
        )
    all_have_read = Barrier(10)

    def part(order: int) -> Part:
        def buy() -> str:
            can_pay = queries.balance_of(account.pk).available >= Money(Decimal(30), "USD")
            all_have_read.wait()
            with transaction.atomic():
                assert can_pay
                ledger.post(purchase(account, "30", order=order))
            connection.close()
            return "sold"

        return buy

    words = in_threads([part(order) for order in range(1, 11)])

    assert words == ["sold"] * 10
    assert str(queries.balance_of(account.pk).available) == "USD -270.00"


# ---------------------------------------------------------------- F40 holds


def test_f40_capture_release_and_expiry_resolve_a_hold_once(
    account: FundAccount, request: pytest.FixtureRequest
) -> None:
    rounds = crowd(request, 6, 60)
    put_in(account, "1000")
    for number in range(rounds):
        hold_id = hold(account, "10", order=number + 1).id
        ended = race([*_resolving(hold_id, number), *_resolving(hold_id, number)])
        assert ended["HoldAlreadyResolved"] == 4, ended
        assert len(ended) == 2, ended

    resolved = Transaction.objects.filter(reverses__isnull=False)
    taken = Transaction.objects.filter(kind=Kind.PURCHASE).count()
    balance = queries.balance_of(account.pk)
    assert resolved.count() == rounds
    assert resolved.filter(kind=Kind.HOLD_CAPTURED).count() == taken
    assert balance.held == Money.zero("USD")
    assert balance.available == Money(Decimal(1000 - 10 * taken), "USD")
    assert breaches("funds") == []


def test_f40_teeth_without_the_guard_a_hold_is_released_twice(
    account: FundAccount, committed_db: Database
) -> None:
    put_in(account, "100")
    first, _second = hold(account, "10", order=1), hold(account, "10", order=2)
    with committed_db.connect("owner") as owner:
        _forget_reversals(owner)

    for resolve in (holds.release, holds.expire):
        resolve(hold_id=first.id, at=AT)

    # The second release paid itself from the other order's hold.
    assert queries.balance_of(account.pk).held == Money.zero("USD")
    assert Transaction.objects.filter(reverses_id=first.id).count() == 2


def _resolving(hold_id: int, number: int) -> list[Part]:
    """The three ways in which a hold can end, each said by a word."""

    def capture() -> str:
        holds.capture(hold_id=hold_id, reference=f"order:{number}", at=AT)
        return "captured"

    def release() -> str:
        holds.release(hold_id=hold_id, at=AT)
        return "released"

    def expire() -> str:
        holds.expire(hold_id=hold_id, at=AT)
        return "expired"

    return [capture, release, expire]


def _forget_reversals(owner: psycopg.Connection) -> None:
    """Take out both lines that make a reversal happen at most once."""
    owner.execute("DROP INDEX transaction_is_reversed_at_most_once")
    row = owner.execute(
        "SELECT pg_get_functiondef('public.funds_post_many'::regproc)"
    ).fetchone()
    assert row
    (source,) = row
    without = source.replace("o.reverses_id = i.reverses AND", "false AND")
    assert without != source, "the guard of funds_post_many reads differently now"
    owner.execute(without)


# ---------------------------------------------------------------- F11 deadlocks


def test_f11_moves_both_ways_never_deadlock(
    tenant: Tenant, request: pytest.FixtureRequest
) -> None:
    accounts = [open_account(tenant) for _number in range(3)]
    for account in accounts:
        put_in(account, "1000")
    rivals, rounds = crowd(request, 12, 40), crowd(request, 15, 100)

    def part(number: int) -> Part:
        def move() -> str:
            for turn in range(rounds):
                source, target = (accounts[(number + turn + n) % 3] for n in (0, 1))
                if turn % 2:
                    source, target = target, source
                with transaction.atomic():
                    ledger.post_many(_through_transit(source, target, f"{number}:{turn}"))
            return "moved"

        return move

    ended = race([part(number) for number in range(rivals)])

    assert ended == {"moved": rivals}
    total = sum(queries.balance_of(a.pk).balance.amount for a in accounts)
    assert total == 3000
    assert breaches("funds") == []


def test_f11_teeth_locking_as_it_comes_deadlocks(
    tenant: Tenant, committed_db: Database
) -> None:
    pots = [queries.available_pot_id(open_account(tenant).pk) for _number in range(2)]
    both_hold_one = Barrier(2)
    lock = "SELECT public.funds_lock_pots(ARRAY[%s]::bigint[])"

    def part(order: list[int]) -> Part:
        def move() -> str:
            with committed_db.connect("app") as bare:
                bare.execute(lock, [order[0]])
                both_hold_one.wait()
                try:
                    bare.execute(lock, [order[1]])
                except psycopg.errors.DeadlockDetected:
                    bare.rollback()
                    return "deadlock"
            return "moved"

        return move

    words = in_threads([part(pots), part(pots[::-1])])

    assert sorted(map(str, words)) == ["deadlock", "moved"]


def _through_transit(source: FundAccount, target: FundAccount, turn: str) -> list[Movement]:
    """One cent from account to account: two transactions in one statement."""
    transit = ledger.system_pot_id(PotKind.TRANSIT, "USD")
    common: dict[str, Any] = {
        "amount": Money(Decimal("0.01"), "USD"),
        "reference": "order:1",
        "at": AT,
    }
    return [
        Movement(
            source_id=queries.available_pot_id(source.pk),
            target_id=transit,
            kind=Kind.ADJUSTMENT_OUT,
            tenant_id=source.tenant_id,
            key=f"move:{turn}:out",
            **common,
        ),
        Movement(
            source_id=transit,
            target_id=queries.available_pot_id(target.pk),
            kind=Kind.ADJUSTMENT_IN,
            tenant_id=target.tenant_id,
            key=f"move:{turn}:in",
            **common,
        ),
    ]
