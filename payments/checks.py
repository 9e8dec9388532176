"""What the books of payments must always show: each check is a query for breaches."""

from typing import Final

from cmp.lib.books import BookCheck

_GUARDS: Final = {
    "payments_paymentchannel": [
        "channel_deleted_stays_so",
        "channel_ends",
        "channel_identity",
        "channel_stays",
    ],
    "payments_recharge": [
        "recharge_born",
        "recharge_identity",
        "recharge_moves",
        "recharge_paid_stays_so",
        "recharge_redirected_once",
        "recharge_stays",
    ],
    "payments_gatewaymessage": [
        "message_is_judged_once",
        "message_stays",
        "message_stays_as_it_came",
    ],
    "payments_unplacedpayment": ["unplaced_payment_stays"],
}
_EXPECTED: Final = ", ".join(
    f"('{table}', '{trigger}')" for table, names in _GUARDS.items() for trigger in names
)
_TABLES: Final = ", ".join(f"'{table}'" for table in _GUARDS)

BOOK_CHECKS: Final = [
    BookCheck(
        "every paid recharge has exactly its one transaction",
        """
        SELECT r.id, r.transaction_number, count(t.id) FROM payments_recharge r
          LEFT JOIN funds_transaction t
            ON t.key = 'recharge:' || r.id || ':credit'
           AND 'T-' || t.id = r.transaction_number
           AND t.kind = 10 AND t.amount = r.amount AND t.currency = r.currency
           AND t.tenant_id = r.tenant_id AND t.reference = 'recharge:' || r.id
          LEFT JOIN funds_pot p ON p.id = t.target_id
           AND p.fund_account_id = r.fund_account_id AND p.kind = 1
         WHERE r.state = 'PAID'
         GROUP BY r.id HAVING count(t.id) <> 1 OR count(p.id) <> 1""",
    ),
    BookCheck(
        "every recharge transaction has its paid recharge or unplaced payment",
        """
        SELECT t.id, t.key FROM funds_transaction t
          JOIN funds_pot s ON s.id = t.source_id AND s.kind = 10
         WHERE NOT EXISTS (SELECT FROM payments_recharge r
                 WHERE r.state = 'PAID' AND r.transaction_number = 'T-' || t.id)
           AND NOT EXISTS (SELECT FROM payments_unplacedpayment u
                 WHERE u.transaction_number = 'T-' || t.id)""",
    ),
    BookCheck(
        "paid recharges and unplaced payments are what clearing gave out",
        """
        WITH ours AS (
          SELECT currency, sum(amount) AS total FROM (
            SELECT currency, amount FROM payments_recharge WHERE state = 'PAID'
            UNION ALL
            SELECT currency, amount FROM payments_unplacedpayment) p GROUP BY currency),
        cleared AS (
          SELECT t.currency, sum(t.amount) AS total FROM funds_transaction t
            JOIN funds_pot s ON s.id = t.source_id AND s.kind = 10 GROUP BY t.currency)
        SELECT currency, ours.total, cleared.total FROM ours FULL JOIN cleared
         USING (currency) WHERE ours.total IS DISTINCT FROM cleared.total""",
    ),
    BookCheck(
        "no payment of a gateway is both credited and in suspense",
        """
        SELECT r.id, u.id FROM payments_recharge r JOIN payments_unplacedpayment u
          ON (u.channel_id, u.gateway_reference) = (r.channel_id, r.gateway_reference)""",
    ),
    BookCheck(
        "every credited message names a paid recharge, and no recharge twice",
        """
        SELECT r.id, count(m.id) FROM payments_recharge r
          LEFT JOIN payments_gatewaymessage m
            ON m.judged_recharge_id = r.id AND m.judged_verdict = 'CREDITED'
         GROUP BY r.id, r.state
        HAVING count(m.id) <> CASE WHEN r.state = 'PAID' THEN 1 ELSE 0 END""",
    ),
    BookCheck(
        "every guard of the payment tables stands, and no other trigger",
        f"""
        WITH expected (table_name, name) AS (VALUES {_EXPECTED}),
        found AS (
          SELECT c.relname AS table_name, t.tgname AS name, t.tgenabled AS enabled
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           WHERE NOT t.tgisinternal AND c.relname IN ({_TABLES}))
        SELECT coalesce(e.table_name, f.table_name), coalesce(e.name, f.name), f.enabled
          FROM expected e FULL JOIN found f USING (table_name, name)
         WHERE e.name IS NULL OR f.enabled IS DISTINCT FROM 'A'""",  # noqa: S608
    ),
    BookCheck(
        "the application cannot remove payment rows",
        f"""
        SELECT t.name, p.name FROM pg_roles r
         CROSS JOIN unnest(ARRAY[{_TABLES}]) AS t (name)
         CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS p (name)
         WHERE r.rolname = 'cmp_app' AND has_table_privilege(r.oid, t.name, p.name)""",  # noqa: S608
    ),
]
