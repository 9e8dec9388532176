"""FND-07, FND-08, TRX-05, SET-05: raw SQL against the money tables, in three roles.

Each attack runs in a transaction of its own that is rolled back; the guard that must
refuse it is named, so that an attack refused by accident counts as a failure. One test
is a census: a constraint or trigger that no attack names makes it fail.
"""

import re
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql as psql

from tests.funds import raw_world
from tests.funds.attacks import ATTACKS, DENIED, Attack

ROLES = {"app": "cmp_app", "owner": "cmp_owner", "superuser": None}

# Guards that no statement can reach, because another one stands before them.
BEHIND = {
    "fund_account_with_its_tenant": "the primary key is part of it",
    "fund_account_with_its_currency": "the primary key is part of it",
}
# Triggers that act instead of refusing: what they do is tested by name elsewhere.
ACTING = {
    "fund_account_floor": "test_a_credit_limit_needs_an_account_that_may_owe",
    "pot_born": "test_opening_makes_two_empty_pots_and_an_audit_entry",
}
# The rules that these triggers refuse by, instead of their own names.
LEDGER_RULES = {
    "ledger_shape", "ledger_source", "ledger_target", "ledger_pots", "ledger_floor",
    "ledger_chain", "ledger_derived", "ledger_system_pot", "ledger_reverses",
}  # fmt: skip
RULES = {
    "transaction_apply": LEDGER_RULES,
    "fund_account_ends": {"fund_account_ends_empty", "fund_account_ends_unlinked"},
}


@pytest.fixture(scope="module")
def arena(template_name, worker_database) -> Iterator[tuple[psycopg.Connection, dict]]:
    """A superuser's connection with the world in it, inside a transaction."""
    connection = worker_database.connect("superuser")
    connection.execute("SET ROLE cmp_owner")
    ids = raw_world.build(connection)
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    yield connection, ids
    connection.rollback()
    connection.close()


def executed(arena, statements: str, role: str | None) -> tuple[str, str]:
    """The (sqlstate, guard) that refused the statements, empty if nothing did."""
    connection, ids = arena
    connection.execute("SAVEPOINT before")
    try:
        connection.execute("RESET ROLE")
        if role is not None:
            connection.execute(psql.SQL("SET ROLE {}").format(psql.Identifier(role)))
        connection.execute(statements.format(**ids).encode())
    except psycopg.Error as refusal:
        return refusal.sqlstate or "", refusal.diag.constraint_name or ""
    finally:
        connection.execute("ROLLBACK TO SAVEPOINT before")
    return "", ""


def state_of(arena) -> list:
    connection, _ = arena
    tables = ("fundaccount", "fundaccountgroup", "pot", "potbalance", "transaction")
    return [
        connection.execute(
            f"SELECT t::text FROM funds_{name} t ORDER BY 1".encode()
        ).fetchall()
        for name in tables
    ]


CASES = [
    pytest.param(attack, role, id=f"{role}: {attack.name}")
    for attack in ATTACKS
    for role in ROLES
    if role not in attack.skip
]


@pytest.mark.parametrize(("attack", "role"), CASES)
def test_attack_is_refused_by_the_guard_that_stands_there(arena, attack: Attack, role: str):
    expected = {"app": attack.app, "owner": attack.owner or attack.guard}.get(
        role, attack.guard
    )
    before = state_of(arena)

    sqlstate, guard = executed(arena, attack.sql, ROLES[role])

    assert expected in {sqlstate, guard}, f"refused by {guard or sqlstate or 'nothing'}"
    assert state_of(arena) == before


CONTROLS = {
    "a purchase": "SELECT id FROM funds_post('order:9:purchase', {acme}, 'USD', {a}, "
    "{revenue}, 70, 20::smallint, 'order:9', now())",
    "usage below zero": "SELECT id FROM funds_post('usage:9:taken', {acme}, 'USD', {a}, "
    "{revenue}, 71, 30::smallint, 'usage:9', now())",
    "a release": "SELECT id FROM funds_post('hold:1:release', {acme}, 'USD', {a_held}, "
    "{a}, 30, 50::smallint, '', now(), {hold})",
    "a reversal": "SELECT id FROM funds_post('undo:3:recharge', {acme}, 'USD', {rich}, "
    "{clearing}, 1000, 60::smallint, '', now(), {rich_recharge})",
    "an edit": "UPDATE funds_fundaccount SET name = 'New' WHERE id = {account}",
    "a link": "INSERT INTO funds_fundaccountgroup (fund_account_id, business_group_id, "
    "tenant_id, linked_at) VALUES ({account}, {free_group}, {acme}, now())",
}


@pytest.mark.parametrize("control", CONTROLS)
def test_what_is_allowed_to_the_application_works(arena, control):
    assert executed(arena, CONTROLS[control], "cmp_app") == ("", "")


def test_copying_false_rows_in_is_refused(arena):
    connection, ids = arena
    line = f"{ids['acme']},USD,{ids['a']},{ids['revenue']},1,20,now,copy:1:purchase,,3,70\n"
    connection.execute("SAVEPOINT before")
    connection.execute("SET ROLE cmp_owner")

    with (
        pytest.raises(psycopg.errors.CheckViolation) as refusal,
        connection.cursor() as cursor,
        cursor.copy(
            "COPY funds_transaction (tenant_id, currency, source_id, target_id, amount, "
            "kind, occurred_at, key, reference, source_version, source_balance_after) "
            "FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (reference))"
        ) as copy,
    ):
        copy.write(line)

    connection.execute("ROLLBACK TO SAVEPOINT before")
    assert refusal.value.diag.constraint_name == "ledger_source"


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        ("'recharge:1:credit', {acme}, 'USD', {clearing}, {a}, 101, 10::smallint, ''",
         "ledger_key_content"),
        ("'order:9:purchase', {acme}, 'USD', {a}, {revenue}, 70.000001, 20::smallint, ''",
         "ledger_floor"),
        ("'again:3:reverse', {acme}, 'USD', {revenue}, {rich}, 10, 60::smallint, ''",
         "ledger_reversed"),
    ],
)  # fmt: skip
def test_what_a_caller_can_cause_is_said_without_an_error(arena, call, refusal):
    connection, ids = arena
    reverses = ids["rich_purchase"] if refusal == "ledger_reversed" else "NULL"
    before = state_of(arena)
    connection.execute("SET ROLE cmp_app")

    call = f"funds_post({call.format(**ids)}, now(), {reverses})"
    row = connection.execute(f"SELECT id, refusal FROM {call}".encode()).fetchone()

    connection.execute("RESET ROLE")
    assert row == (None, refusal)
    assert state_of(arena) == before


def test_every_guard_has_an_attack(arena):
    connection, _ = arena
    names = {
        row[0]
        for row in connection.execute("""
            SELECT conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
             WHERE t.relname LIKE 'funds\\_%' AND c.contype NOT IN ('n', 't')
            UNION
            SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
              JOIN pg_class t ON t.oid = x.indrelid
             WHERE t.relname LIKE 'funds\\_%' AND x.indisunique
            UNION
            SELECT g.tgname FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
             WHERE t.relname LIKE 'funds\\_%' AND NOT g.tgisinternal""")
    }
    attacked = {attack.guard for attack in ATTACKS}

    assert names - attacked - set(BEHIND) - set(ACTING) - set(RULES) == set()
    assert set().union(*RULES.values()) - attacked == set()
    assert {*BEHIND, *ACTING, *RULES} - names == set()


def test_every_rule_of_the_transaction_trigger_is_named(arena):
    connection, _ = arena
    (source,) = connection.execute(
        "SELECT prosrc FROM pg_proc WHERE proname = 'funds_apply'"
    ).fetchone()

    assert set(re.findall(r"CONSTRAINT = '(\w+)'", source)) == LEDGER_RULES


def test_the_application_may_call_only_what_it_should(arena):
    connection, _ = arena
    callable_by_app = {
        row[0]
        for row in connection.execute(
            "SELECT proname FROM pg_proc WHERE proname LIKE 'funds\\_%' "
            "AND has_function_privilege('cmp_app', oid, 'EXECUTE')"
        )
    }

    assert callable_by_app == {
        "funds_lock_pots",
        "funds_post",
        "funds_post_many",
        "funds_system_pot",
    }


def test_every_function_of_the_owner_has_its_own_search_path(arena):
    connection, _ = arena
    open_functions = [
        row[0]
        for row in connection.execute(
            "SELECT proname FROM pg_proc WHERE proname LIKE 'funds\\_%' "
            "AND NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)"
        )
    ]

    assert open_functions == []


def test_denied_is_what_it_says(arena):
    assert executed(arena, "DELETE FROM funds_transaction", "cmp_app")[0] == DENIED
