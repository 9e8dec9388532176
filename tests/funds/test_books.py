"""SET-05: the book checks find what they are for; each is shown a sabotage to find."""

import psycopg
import pytest

from cmp.lib import books
from funds.checks import BOOK_CHECKS
from tests.funds import raw_world

_OFF = "ALTER TABLE funds_{0} DISABLE TRIGGER USER; "
TXN, HOT, LINK = (
    _OFF.format(table) for table in ("transaction", "potbalance", "fundaccountgroup")
)

SABOTAGE = {
    "every balance is the sum of its transactions": (
        HOT + "UPDATE funds_potbalance SET balance = balance + 1 WHERE pot_id = {a}"
    ),
    "every balance after follows from the one before": (
        TXN + "UPDATE funds_transaction SET source_balance_after = 71 WHERE id = {hold}"
    ),
    "the trial balance is zero in every currency": (
        HOT + "UPDATE funds_potbalance SET balance = balance + 1 WHERE pot_id = {a}"
    ),
    "every transaction stays in its tenant and currency": (
        TXN + "UPDATE funds_transaction SET tenant_id = {globex} WHERE id = {hold}"
    ),
    "every tracked side states a version": (
        TXN + "UPDATE funds_transaction SET source_version = NULL WHERE id = {hold}"
    ),
    "the held pot is the sum of open holds": (
        TXN + "UPDATE funds_transaction SET amount = 29 WHERE id = {hold}"
    ),
    "every reversal undoes what it names": (
        TXN + "UPDATE funds_transaction SET amount = 9 WHERE id = {undone}"
    ),
    "every fund account has its two pots and their floors": (
        "UPDATE funds_pot SET floor = -5 WHERE id = {a}"
    ),
    "every active fund account has a business group, a deleted one none": (
        LINK + "UPDATE funds_fundaccountgroup SET unlinked_at = now() "
        "WHERE business_group_id = {group}"
    ),
    "every guard of the money tables stands, and no other trigger": (
        "ALTER TABLE funds_transaction DISABLE TRIGGER transaction_append_only"
    ),
    "the application cannot write the money tables by itself": (
        "GRANT UPDATE ON funds_potbalance TO cmp_app"
    ),
}


@pytest.fixture
def breaches(committed_db):
    """The names of the checks that find something after these statements as owner."""
    connection = committed_db.connect("owner")
    ids = raw_world.build(connection)
    # Accounts of the raw world without a group would be a finding of their own.
    connection.execute(
        "INSERT INTO funds_fundaccountgroup "
        "(fund_account_id, business_group_id, tenant_id, linked_at) "
        "SELECT a.id, g.id, a.tenant_id, now() FROM funds_fundaccount a "
        "JOIN accounts_businessgroup g ON g.tenant_id = a.tenant_id AND g.name = 'free' "
        "WHERE a.name IN ('Rich', 'Foreign')"
    )
    connection.commit()

    def after(statements: str) -> set[str]:
        connection.execute(statements.format(**ids).encode())
        connection.commit()
        return {outcome.name for outcome in books.run(BOOK_CHECKS) if not outcome.ok}

    return after


def test_sound_books_have_no_breach(breaches):
    assert breaches("SELECT 1") == set()


def test_every_check_has_a_sabotage():
    assert set(SABOTAGE) == {check.name for check in BOOK_CHECKS}


@pytest.mark.parametrize("name", SABOTAGE)
def test_a_check_finds_its_sabotage(breaches, name):
    assert name in breaches(SABOTAGE[name])


@pytest.mark.parametrize(
    "statements",
    [
        "CREATE TRIGGER mine BEFORE UPDATE ON funds_potbalance FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "DROP TRIGGER pot_balance_moves ON funds_potbalance",
        "ALTER TABLE funds_pot ENABLE TRIGGER pot_identity",
    ],
)
def test_the_guards_are_compared_with_what_should_stand(breaches, statements):
    assert breaches(statements) == {
        "every guard of the money tables stands, and no other trigger"
    }


def test_an_outcome_reads_as_the_command_promises(committed_db):
    check = books.BookCheck(
        "nothing is wrong", "SELECT 1, 'two' FROM generate_series(1, 30)"
    )

    (outcome,) = books.run([check])

    assert not outcome.ok
    assert outcome.as_json() == {
        "name": "nothing is wrong",
        "ok": False,
        "count": 30,
        "seconds": round(outcome.seconds, 3),
        "breaches": [["1", "two"]] * 20,
    }


def test_the_checks_only_read(committed_db):
    connection = committed_db.connect("app")
    connection.read_only = True
    for check in BOOK_CHECKS:
        connection.execute(check.sql.encode())
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM accounts_tenant")
