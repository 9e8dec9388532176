"""FND-08, F11, F21, F37, F38, F40: rivals at one moment; outcomes are counted exactly.

Each race has a twin that shows its teeth: the naive version, or the guard taken away in
this test's own database, must go wrong in the same arena.
"""

import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from cmp.lib import books
from funds import queries
from funds.actions import fund_accounts, holds, ledger, recharges_in
from funds.checks import BOOK_CHECKS
from funds.models import FundAccount, Pot, Transaction
from funds.types import Kind, PotKind
from tests.factories.accounts import BusinessGroupFactory
from tests.factories.funds import AT, hold, money, open_account, purchase, put_in
from tests.funds.crowd import at_once


@pytest.fixture
def account(committed_db, acme_account):
    """Acme's account with 1,000.00 in it."""
    put_in(acme_account, "1000")
    return acme_account


@pytest.fixture(autouse=True)
def sound_books(committed_db) -> Iterator[None]:
    """Whatever raced: afterwards the books are in order."""
    yield
    assert {o.name: o.breaches for o in books.run(BOOK_CHECKS) if not o.ok} == {}


def available(account: FundAccount) -> Decimal:
    return queries.balance_of(account.pk).available.amount


# ---------------------------------------------------------------- floor


def test_a_hundred_buyers_sell_exactly_what_is_there(account):
    thirty = purchase(account, "30", order=1)

    def buy(number: int) -> None:
        ledger.post(replace(thirty, key=f"order:{number}:purchase"))

    outcomes = at_once(100, buy, times=5)

    assert outcomes == {"done": 33, "InsufficientFunds": 467}
    assert available(account) == 10


def test_teeth_reading_before_buying_oversells(account):
    thirty = purchase(account, "30", order=1, kind=Kind.USAGE)
    everybody_has_read = threading.Barrier(40, timeout=60)

    def buy_naively(number: int) -> str | None:
        enough = available(account) >= 30
        everybody_has_read.wait()
        if not enough:
            return "refused"
        ledger.post(replace(thirty, key=f"order:{number}:purchase"))
        return None

    outcomes = at_once(40, buy_naively)

    assert outcomes == {"done": 40}
    assert available(account) == -200


def test_teeth_without_the_floor_everybody_buys(account, committed_db):
    owner = committed_db.connect("owner")
    owner.execute("UPDATE funds_pot SET floor = NULL WHERE kind = 1")
    owner.commit()
    thirty = purchase(account, "30", order=1)

    outcomes = at_once(
        20,
        lambda n: ledger.post(replace(thirty, key=f"order:{n}:purchase")).id and None,
        times=2,
    )

    assert outcomes == {"done": 40}
    assert available(account) == -200
    owner.execute("UPDATE funds_pot SET floor = 0 WHERE kind = 1")
    owner.commit()


def test_without_locks_rivals_fail_aloud_and_never_oversell(account, committed_db):
    """The trigger judges again: the lock is there for the result, not for safety."""
    _rewrite(committed_db, "funds_post", ("FOR NO KEY UPDATE", ""))
    thirty = purchase(account, "30", order=1)

    outcomes = at_once(
        30,
        lambda n: ledger.post(replace(thirty, key=f"order:{n}:purchase")).id and None,
        times=3,
    )

    assert outcomes["done"] <= 33
    assert outcomes["CheckViolation"] + outcomes["UniqueViolation"] > 0
    assert available(account) == 1000 - 30 * outcomes["done"]


def test_a_hundred_recharges_all_count(account):
    outcomes = at_once(100, lambda n: put_in(account, "0.01", number=n + 1).id and None)

    assert outcomes == {"done": 100}
    assert available(account) == 1001
    pot = queries.available_pot_id(account.pk)
    versions = Transaction.objects.filter(target_id=pot).values_list(
        "target_version", flat=True
    )
    assert set(versions) == set(range(1, 102))
    assert len(versions) == 101


def test_lowering_a_credit_limit_while_buying_never_breaks_the_new_floor(
    committed_db, acme, sam
):
    account = open_account(acme, kind=FundAccount.Kind.FLEXIBLE, credit_limit="1000")
    thirty = purchase(account, "30", order=1)

    def act(number: int) -> None:
        if number == 20:
            fund_accounts.set_credit_limit(
                actor=sam,
                fund_account_id=account.pk,
                credit_limit=money(account, "0"),
                at=AT,
            )
        else:
            ledger.post(replace(thirty, key=f"order:{number}:purchase"))

    at_once(40, act)

    bought = Transaction.objects.filter(kind=Kind.PURCHASE).count()
    assert available(account) == -30 * bought
    with pytest.raises(ledger.InsufficientFunds), transaction.atomic():
        ledger.post(replace(thirty, key="order:99:purchase"))


# ---------------------------------------------------------------- keys


def test_one_key_of_forty_clients_posts_once(account):
    def notify(number: int) -> str | None:
        posted = put_in(account, "1", number=number % 20 + 1)
        return "replay" if posted.replay else None

    outcomes = at_once(40, notify, times=20)

    assert outcomes == {"done": 20, "replay": 780}
    assert available(account) == 1020


def test_teeth_looking_first_credits_twice(account):
    everybody_has_looked = threading.Barrier(10, timeout=60)

    def notify_naively(number: int) -> str | None:
        known = Transaction.objects.filter(reference="recharge:81").exists()
        everybody_has_looked.wait()
        if known:
            return "replay"
        recharges_in.credit(
            fund_account_id=account.pk,
            amount=money(account, "1"),
            reference="recharge:81",
            key=f"random:{number}:credit",
            at=AT,
        )
        return None

    assert at_once(10, notify_naively) == {"done": 10}
    assert available(account) == 1010


def test_one_key_between_system_pots_posts_once(committed_db, acme_account):
    def suspend(number: int) -> str | None:
        posted = recharges_in.suspend(
            amount=money(acme_account, "5"),
            reference="recharge:1",
            key=f"recharge:{number % 5}:suspend",
            at=AT,
        )
        return "replay" if posted.replay else None

    assert at_once(20, suspend, times=5) == {"done": 5, "replay": 95}


def test_a_system_pot_is_made_once(committed_db):
    at_once(20, lambda _n: ledger.system_pot_id(PotKind.TAX, "CHF") and None, times=2)

    assert Pot.objects.filter(kind=PotKind.TAX, currency="CHF").count() == 1


# ---------------------------------------------------------------- holds


def test_a_hold_has_one_end_whoever_comes_first(account):
    placed = [hold(account, "10") for _ in range(10)]
    ends = [
        lambda hold_id: holds.release(hold_id=hold_id, at=AT),
        lambda hold_id: holds.expire(hold_id=hold_id, at=AT),
        lambda hold_id: holds.capture(hold_id=hold_id, reference="order:1", at=AT),
    ]

    def end(number: int) -> str | None:
        posted = ends[number % 3](placed[number // 3 % 10].id)
        return "again" if posted.replay else None

    outcomes = at_once(30, end, times=3)

    assert outcomes["done"] == 10
    assert outcomes["done"] + outcomes["again"] + outcomes["HoldAlreadyResolved"] == 90
    captured = Transaction.objects.filter(kind=Kind.PURCHASE).count()
    assert available(account) == 1000 - 10 * captured
    assert queries.balance_of(account.pk).held.is_zero


def test_holding_and_releasing_both_ways_never_deadlocks(committed_db, acme):
    accounts = [open_account(acme) for _ in range(3)]
    for each in accounts:
        put_in(each, "100")

    outcomes = _hold_and_release(accounts, clients=16, times=25)

    assert set(outcomes) <= {
        "held", "released", "again", "nothing held", "InsufficientFunds"
    }  # fmt: skip
    assert outcomes["released"] > 0
    assert [str(queries.balance_of(each.pk).balance) for each in accounts] == [
        "USD 100.00"
    ] * 3
    held = Transaction.objects.filter(kind=Kind.HOLD, reversals__isnull=True).count()
    assert held == outcomes["held"] - outcomes["released"]


def test_teeth_locking_as_they_come_deadlocks(committed_db, acme):
    _patience_with_deadlocks(committed_db)
    account = open_account(acme)
    put_in(account, "100")

    def lock_both(number: int) -> None:
        with connection.cursor() as cursor:
            for kind in ((1, 2), (2, 1))[number % 2]:
                cursor.execute(
                    "SELECT funds_lock_pots(ARRAY(SELECT id FROM funds_pot "
                    "WHERE fund_account_id = %s AND kind = %s))",
                    [account.pk, kind],
                )

    outcomes = at_once(8, lock_both, times=10)

    assert outcomes["DeadlockDetected"] > 0


def test_sets_that_overlap_in_any_order_never_deadlock(committed_db, acme):
    accounts = [open_account(acme) for _ in range(6)]
    for each in accounts:
        put_in(each, "1000")
    bought = [purchase(each, "1", order=1) for each in accounts]

    def buy(number: int) -> None:
        turn = number % 6
        ring = bought[turn:] + bought[:turn]
        order = ring if number % 2 else ring[::-1]
        ledger.post_many([replace(m, key=f"{m.key}:{number}:{m.source_id}") for m in order])

    assert at_once(16, buy, times=10) == {"done": 160}
    assert [available(each) for each in accounts] == [840] * 6


# ---------------------------------------------------------------- accounts


def test_a_group_is_given_to_one_account_only(committed_db, acme, acme_group, alice, tina):
    def open_one(number: int) -> None:
        fund_accounts.open(
            actor=tina,
            tenant_id=acme.pk,
            name=f"Account {number}",
            description="",
            group_ids=[acme_group.pk],
            owner_id=alice.pk,
            kind=FundAccount.Kind.PREPAID,
            at=AT,
        )

    assert at_once(10, open_one) == {"done": 1, "GroupRefused": 9}
    assert FundAccount.objects.count() == 1


def test_an_account_is_not_deleted_under_money_that_arrives(committed_db, acme, tina):
    accounts = [open_account(acme) for _ in range(10)]

    def act(number: int) -> None:
        account = accounts[number // 2]
        if number % 2:
            put_in(account, "1", number=number + 1)
        else:
            fund_accounts.delete(actor=tina, fund_account_id=account.pk, at=AT)

    outcomes = at_once(20, act)

    deleted = FundAccount.objects.filter(deleted_at__isnull=False).count()
    assert outcomes == {"done": 10 + deleted, "FundAccountInUse": 10 - deleted} or (
        deleted == 10 and outcomes == {"done": 20}
    )
    assert [available(each) for each in accounts] == [1] * 10


def test_two_owners_of_one_name(committed_db, acme, alice, tina):
    groups = BusinessGroupFactory.create_batch(8, tenant=acme)

    def open_one(number: int) -> None:
        fund_accounts.open(
            actor=tina,
            tenant_id=acme.pk,
            name="The one",
            description="",
            group_ids=[groups[number].pk],
            owner_id=alice.pk,
            kind=FundAccount.Kind.PREPAID,
            at=AT,
        )

    assert at_once(8, open_one) == {"done": 1, "NameTaken": 7}


# ---------------------------------------------------------------- faults


def test_a_lock_that_does_not_come_leaves_nothing_half_done(account, committed_db):
    """F12: another session sits on the pot; the caller gives up, the key stays unused."""
    other = committed_db.connect("owner")
    other.execute("SELECT funds_lock_pots(ARRAY(SELECT id FROM funds_pot))")
    movement = purchase(account, "30")

    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")

    with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
        ledger.post(movement)

    other.rollback()
    assert available(account) == 1000
    with transaction.atomic():
        assert not ledger.post(movement).replay


def test_a_connection_lost_before_commit_moves_nothing(account, committed_db):
    """F01: whoever dies between posting and commit has not posted."""
    movement = purchase(account, "30")
    superuser = committed_db.connect("superuser")
    superuser.autocommit = True

    def die_after_posting() -> None:
        with transaction.atomic():
            ledger.post(movement)
            pid = connection.connection.info.backend_pid
            superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with pytest.raises(OperationalError):
        die_after_posting()
    connection.close()

    assert available(account) == 1000
    with transaction.atomic():
        assert not ledger.post(movement).replay


# ---------------------------------------------------------------- the arena


def _hold_and_release(accounts: list[FundAccount], *, clients: int, times: int):
    """Half of the calls place holds, the other half release whichever is open."""

    def act(number: int) -> str | None:
        account = accounts[number % len(accounts)]
        if number % 2:
            hold(account, "10", order=number)
            return "held"
        opened = queries.open_holds(account.pk).order_by("?").first()
        if opened is None:
            return "nothing held"
        return "again" if holds.release(hold_id=opened.pk, at=AT).replay else "released"

    return at_once(clients, act, times=times)


def _rewrite(database, function: str, *changes: tuple[str, str]) -> None:
    """Replace parts of a function's text in this test's own database."""
    owner = database.connect("owner")
    (definition,) = owner.execute(
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", [function]
    ).fetchone()
    for old, new in changes:
        assert old in definition, f"{function} has no {old}"
        definition = definition.replace(old, new)
    owner.execute(definition)
    owner.commit()


def _patience_with_deadlocks(database) -> None:
    """Let the server look for deadlocks at once instead of after a second."""
    superuser = database.connect("superuser")
    superuser.autocommit = True
    superuser.execute(
        psycopg.sql.SQL("ALTER DATABASE {} SET deadlock_timeout = '10ms'").format(
            psycopg.sql.Identifier(database.name)
        )
    )
