"""A small world of fund accounts in plain SQL, for attacks without Django in between."""

import psycopg

_PEOPLE = """
INSERT INTO accounts_tenant (name, slug, kind, currency, time_zone, billing_plan)
VALUES ('Acme', 'acme', 'ORGANIZATION', 'USD', 'UTC', 'PREPAID'),
       ('Globex', 'globex', 'ORGANIZATION', 'USD', 'UTC', 'PREPAID');
INSERT INTO accounts_user (email, name, password, staff_role, language, time_zone, theme,
                           is_active)
SELECT n || '@example.test', n, '!', '', 'en', 'UTC', '', true
  FROM unnest(ARRAY['alice', 'charlie', 'mourner']) n;
INSERT INTO accounts_membership (tenant_id, user_id, role)
SELECT t.id, u.id, 'MEMBER' FROM accounts_tenant t, accounts_user u
 WHERE (t.slug, u.name) IN (('acme', 'alice'), ('acme', 'mourner'), ('globex', 'charlie'));
INSERT INTO accounts_businessgroup (tenant_id, name)
SELECT t.id, n FROM accounts_tenant t, unnest(ARRAY['one', 'two', 'three', 'free']) n;
"""
_ACCOUNTS = """
INSERT INTO funds_fundaccount (tenant_id, name, description, kind, currency, owner_id,
                               credit_limit, created_at)
SELECT t.id, a.name, '', a.kind, 'USD', u.id, 0, '2026-01-01'
  FROM (VALUES ('acme', 'First', 'PREPAID', 'alice'),
               ('acme', 'Second', 'FLEXIBLE', 'alice'),
               ('acme', 'Rich', 'PREPAID', 'alice'),
               ('acme', 'Dead', 'PREPAID', 'mourner'),
               ('globex', 'Foreign', 'PREPAID', 'charlie')) a (slug, name, kind, owner)
  JOIN accounts_tenant t ON t.slug = a.slug JOIN accounts_user u ON u.name = a.owner;
INSERT INTO funds_fundaccountgroup (fund_account_id, business_group_id, tenant_id,
                                    linked_at)
SELECT a.id, g.id, t.id, '2026-01-01'
  FROM (VALUES ('First', 'one'), ('Second', 'two'), ('Dead', 'three')) l (account, grp)
  JOIN accounts_tenant t ON t.slug = 'acme'
  JOIN funds_fundaccount a ON a.name = l.account
  JOIN accounts_businessgroup g ON g.name = l.grp AND g.tenant_id = t.id;
UPDATE funds_fundaccountgroup SET unlinked_at = '2026-01-02'
 WHERE fund_account_id = (SELECT id FROM funds_fundaccount WHERE name = 'Dead');
UPDATE funds_fundaccount SET deleted_at = '2026-01-02' WHERE name = 'Dead';
"""
_IDS = {
    "acme": "SELECT id FROM accounts_tenant WHERE slug = 'acme'",
    "globex": "SELECT id FROM accounts_tenant WHERE slug = 'globex'",
    "alice": "SELECT id FROM accounts_user WHERE name = 'alice'",
    "charlie": "SELECT id FROM accounts_user WHERE name = 'charlie'",
    "mourner": "SELECT id FROM accounts_user WHERE name = 'mourner'",
    "group": "SELECT id FROM accounts_businessgroup "
    "WHERE name = 'one' AND tenant_id = {acme}",
    "free_group": "SELECT id FROM accounts_businessgroup "
    "WHERE name = 'free' AND tenant_id = {acme}",
    "globex_group": "SELECT id FROM accounts_businessgroup "
    "WHERE name = 'free' AND tenant_id = {globex}",
    "account": "SELECT id FROM funds_fundaccount WHERE name = 'First'",
    "account2": "SELECT id FROM funds_fundaccount WHERE name = 'Second'",
    "dead": "SELECT id FROM funds_fundaccount WHERE name = 'Dead'",
    "link": "SELECT id FROM funds_fundaccountgroup WHERE fund_account_id = {account}",
    "revenue": "SELECT funds_system_pot(12::smallint, 'USD')",
    "revenue_eur": "SELECT funds_system_pot(12::smallint, 'EUR')",
    "clearing": "SELECT funds_system_pot(10::smallint, 'USD')",
}
_POTS = {"a": "First", "a2": "Second", "rich": "Rich", "b": "Foreign"}
_POSTED = {
    # name: key, tenant, source, target, amount, kind, reverses
    "recharge": "'recharge:1:credit', {acme}, 'USD', {clearing}, {a}, 100, 10",
    "hold": "'order:1:hold', {acme}, 'USD', {a}, {a_held}, 30, 40",
    "foreign": "'recharge:2:credit', {globex}, 'USD', {clearing}, {b}, 50, 10",
    "rich_recharge": "'recharge:3:credit', {acme}, 'USD', {clearing}, {rich}, 1000, 10",
    "rich_purchase": "'order:3:purchase', {acme}, 'USD', {rich}, {revenue}, 10, 20",
    "undone": "'order:3:refund', {acme}, 'USD', {revenue}, {rich}, 10, 60",
}


def build(connection: psycopg.Connection) -> dict[str, int]:
    """Make the world and return its ids by name.

    Account A (pots `a`, `a_held`) has 70 available (version 2) and 30 held (version 1).
    """
    connection.execute(_PEOPLE)
    connection.execute(_ACCOUNTS)
    ids: dict[str, int] = {}
    kind: int | str
    for name, sql in _IDS.items():
        ids[name] = _one(connection, sql.format(**ids))
    for name, account in _POTS.items():
        for suffix, kind in (("", 1), ("_held", 2)):
            ids[name + suffix] = _one(
                connection,
                "SELECT p.id FROM funds_pot p JOIN funds_fundaccount a "
                f"ON a.id = p.fund_account_id "
                f"WHERE a.name = '{account}' AND p.kind = {kind}",
            )
    for name, facts in _POSTED.items():
        reverses = str(ids["rich_purchase"]) if name == "undone" else "NULL"
        # Literal numbers are integers to SQL; the function takes a smallint.
        values, _, kind = facts.format(**ids).rpartition(", ")
        ids[name] = _one(
            connection,
            f"SELECT id FROM funds_post({values}, {kind}::smallint, '', now(), {reverses})",
        )
    return ids


def _one(connection: psycopg.Connection, sql: str) -> int:
    row = connection.execute(sql.encode()).fetchone()
    assert row is not None, sql
    assert row[0] is not None, sql
    return int(row[0])
