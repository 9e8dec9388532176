"""What the books must always show: each check is a query that finds breaches."""

from typing import Final

from cmp.lib.books import BookCheck

_GUARDS: Final = {
    "funds_fundaccount": [
        "fund_account_born",
        "fund_account_deleted_stays_so",
        "fund_account_ends",
        "fund_account_floor",
        "fund_account_identity",
        "fund_account_stays",
    ],
    "funds_fundaccountgroup": [
        "fund_account_group_born",
        "fund_account_group_identity",
        "fund_account_group_stays",
    ],
    "funds_pot": ["pot_born", "pot_identity", "pot_stays"],
    "funds_potbalance": [
        "pot_balance_born",
        "pot_balance_forward",
        "pot_balance_moves",
        "pot_balance_stays",
    ],
    "funds_transaction": ["transaction_append_only", "transaction_apply"],
}
_EXPECTED: Final = ", ".join(
    f"('{table}', '{trigger}')" for table, names in _GUARDS.items() for trigger in names
)
_LEGS: Final = """
  SELECT source_id AS pot_id, source_version AS version, source_balance_after AS after,
         -amount AS delta
    FROM funds_transaction WHERE source_version IS NOT NULL
  UNION ALL
  SELECT target_id, target_version, target_balance_after, amount
    FROM funds_transaction WHERE target_version IS NOT NULL"""

BOOK_CHECKS: Final = [
    BookCheck(
        "every balance is the sum of its transactions",
        f"""
        SELECT b.pot_id, b.balance, b.version, coalesce(sum(l.delta), 0), count(l.delta)
          FROM funds_potbalance b LEFT JOIN ({_LEGS}) l ON l.pot_id = b.pot_id
         GROUP BY b.pot_id
        HAVING b.balance <> coalesce(sum(l.delta), 0) OR b.version <> count(l.delta)""",  # noqa: S608
    ),
    BookCheck(
        "every balance after follows from the one before",
        f"""
        SELECT pot_id, version, after, expected FROM (
          SELECT pot_id, version, after, row_number() OVER w AS n,
                 sum(delta) OVER w AS expected
            FROM ({_LEGS}) l WINDOW w AS (PARTITION BY pot_id ORDER BY version)) c
         WHERE after <> expected OR version <> n""",  # noqa: S608
    ),
    BookCheck(
        "the trial balance is zero in every currency",
        """
        WITH moved AS (
          SELECT currency, source_id AS pot_id, -amount AS delta FROM funds_transaction
          UNION ALL
          SELECT currency, target_id, amount FROM funds_transaction),
        pots AS (
          SELECT p.currency, b.balance FROM funds_pot p
            JOIN funds_potbalance b ON b.pot_id = p.id
          UNION ALL
          SELECT p.currency, m.delta FROM moved m
            JOIN funds_pot p ON p.id = m.pot_id AND NOT p.is_tracked)
        SELECT currency, sum(balance) FROM pots GROUP BY currency
        HAVING sum(balance) <> 0""",
    ),
    BookCheck(
        "every transaction stays in its tenant and currency",
        """
        SELECT t.id FROM funds_transaction t
          LEFT JOIN funds_pot s ON s.id = t.source_id
          LEFT JOIN funds_pot g ON g.id = t.target_id
         WHERE (s.currency = t.currency AND g.currency = t.currency
                AND (NOT s.is_tracked OR s.tenant_id = t.tenant_id)
                AND (NOT g.is_tracked OR g.tenant_id = t.tenant_id)) IS NOT TRUE""",
    ),
    BookCheck(
        "every tracked side states a version",
        """
        SELECT t.id FROM funds_transaction t
          JOIN funds_pot s ON s.id = t.source_id JOIN funds_pot g ON g.id = t.target_id
         WHERE s.is_tracked <> (t.source_version IS NOT NULL)
            OR g.is_tracked <> (t.target_version IS NOT NULL)""",
    ),
    BookCheck(
        "the held pot is the sum of open holds",
        """
        SELECT p.fund_account_id, b.balance, coalesce(sum(h.amount), 0)
          FROM funds_pot p
          JOIN funds_potbalance b ON b.pot_id = p.id
          LEFT JOIN funds_transaction h ON h.target_id = p.id AND h.kind = 40
           AND NOT EXISTS (SELECT FROM funds_transaction r WHERE r.reverses_id = h.id)
         WHERE p.kind = 2
         GROUP BY p.fund_account_id, b.balance
        HAVING b.balance <> coalesce(sum(h.amount), 0)""",
    ),
    BookCheck(
        "every reversal undoes what it names",
        """
        SELECT r.id FROM funds_transaction r
          LEFT JOIN funds_transaction o ON o.id = r.reverses_id
         WHERE r.reverses_id IS NOT NULL
           AND (o.source_id = r.target_id AND o.target_id = r.source_id
                AND o.amount = r.amount AND o.reverses_id IS NULL) IS NOT TRUE""",
    ),
    BookCheck(
        "every fund account has its two pots and their floors",
        """
        SELECT a.id, count(p.id) FROM funds_fundaccount a
          LEFT JOIN funds_pot p ON p.fund_account_id = a.id AND p.kind IN (1, 2)
           AND p.floor = CASE WHEN p.kind = 1 AND a.deleted_at IS NULL
                              THEN -a.credit_limit ELSE 0 END
          LEFT JOIN funds_potbalance b ON b.pot_id = p.id
         GROUP BY a.id HAVING count(b.pot_id) <> 2""",
    ),
    BookCheck(
        "every active fund account has a business group, a deleted one none",
        """
        SELECT a.id FROM funds_fundaccount a
         WHERE (a.deleted_at IS NULL) <> EXISTS (
           SELECT FROM funds_fundaccountgroup g
            WHERE g.fund_account_id = a.id AND g.unlinked_at IS NULL)""",
    ),
    BookCheck(
        "every guard of the money tables stands, and no other trigger",
        f"""
        WITH expected (table_name, name) AS (VALUES {_EXPECTED}),
        found AS (
          SELECT c.relname AS table_name, t.tgname AS name, t.tgenabled AS enabled
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           WHERE NOT t.tgisinternal
             AND c.relname IN (SELECT table_name FROM expected))
        SELECT coalesce(e.table_name, f.table_name), coalesce(e.name, f.name), f.enabled
          FROM expected e FULL JOIN found f USING (table_name, name)
         WHERE e.name IS NULL OR f.enabled IS DISTINCT FROM 'A'""",  # noqa: S608
    ),
    BookCheck(
        "the application cannot write the money tables by itself",
        """
        SELECT t.name, p.name FROM pg_roles r
         CROSS JOIN unnest(ARRAY['funds_pot', 'funds_potbalance', 'funds_transaction'])
           AS t (name)
         CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER'])
           AS p (name)
         WHERE r.rolname = 'cmp_app' AND has_table_privilege(r.oid, t.name, p.name)""",
    ),
]
