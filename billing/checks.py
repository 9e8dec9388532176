"""What is owed, proved against what was charged, deducted and held."""

from typing import Final

from cmp.lib.books import BookCheck

_GUARDS: Final = {
    "billing_charge": ["billing_charge_apply", "charge_is_append_only"],
    "billing_order": ["billing_order_guard", "billing_order_no_truncate"],
    "billing_orderevent": ["order_event_is_append_only"],
    "billing_rate": ["billing_rate_guard", "billing_rate_no_truncate"],
    "billing_subscription": ["billing_sub_guard", "billing_sub_no_truncate"],
    "pricing_price": ["pricing_price_guard", "pricing_price_no_truncate"],
    "pricing_priceversion": ["pricing_version_guard", "pricing_version_no_truncate"],
    "resources_instance": ["resources_instance_guard"],
}
_EXPECTED: Final = ", ".join(
    f"('{table}', '{trigger}')" for table, names in _GUARDS.items() for trigger in names
)

BOOK_CHECKS: Final = [
    BookCheck(
        "every usage deduction is the sum of its charges",
        """
        WITH charged AS (
          SELECT c.hour + interval '1 hour' AS at, c.fund_pot_id, sum(c.amount) AS amount
            FROM billing_charge c
            JOIN funds_pot p ON p.id = c.fund_pot_id
            JOIN funds_fundaccount a ON a.id = p.fund_account_id AND a.kind <> 'POSTPAID'
           GROUP BY 1, 2 HAVING sum(c.amount) > 0),
        deducted AS (
          SELECT occurred_at AS at, source_id AS fund_pot_id, amount
            FROM funds_transaction WHERE kind = 31)
        SELECT at, fund_pot_id, c.amount, d.amount
          FROM charged c FULL JOIN deducted d USING (at, fund_pot_id)
         WHERE c.amount IS DISTINCT FROM d.amount""",
    ),
    BookCheck(
        "every second of use up to the watermark is charged once",
        """
        SELECT s.id, due.seconds, coalesce(c.seconds, 0)
          FROM billing_subscription s
          JOIN funds_potbalance b ON b.pot_id = s.fund_pot_id
         CROSS JOIN LATERAL (
               SELECT greatest(0, extract(epoch FROM
                        least(s.billed_until, b.charged_through) - s.billed_from))::bigint
                        AS seconds) due
          LEFT JOIN (SELECT subscription_id, sum(seconds) AS seconds
                       FROM billing_charge GROUP BY 1) c ON c.subscription_id = s.id
         WHERE s.sale = 'HOURLY' AND due.seconds <> coalesce(c.seconds, 0)""",
    ),
    BookCheck(
        "every charge is its seconds times its rate, half-up to six decimals",
        """
        SELECT c.hour, c.subscription_id, c.seconds, c.amount
          FROM billing_charge c
          LEFT JOIN billing_rate r ON r.id = c.rate_id
           AND r.subscription_id = c.subscription_id
           AND r.price_version_id = c.price_version_id
           AND r.valid_from < c.hour + interval '1 hour'
           AND (r.valid_until IS NULL OR r.valid_until > c.hour)
         WHERE (c.amount = round(r.per_second * c.seconds, 6)
                AND c.seconds BETWEEN 1 AND 3600) IS NOT TRUE""",
    ),
    BookCheck(
        "every charge belongs to an hourly subscription, its fund account and its tenant",
        """
        SELECT c.hour, c.subscription_id FROM billing_charge c
          LEFT JOIN billing_subscription s ON s.id = c.subscription_id
           AND s.fund_pot_id = c.fund_pot_id AND s.tenant_id = c.tenant_id
           AND s.sale = 'HOURLY'
         WHERE s.id IS NULL""",
    ),
    BookCheck(
        "every subscription is paid from a fund account of its tenant and currency",
        """
        SELECT s.id FROM billing_subscription s
          JOIN billing_order o ON o.id = s.order_id
          LEFT JOIN funds_pot p ON p.id = s.fund_pot_id AND p.kind = 1
           AND p.tenant_id = s.tenant_id AND p.currency = s.currency
           AND p.fund_account_id = o.fund_account_id
         WHERE p.id IS NULL""",
    ),
    BookCheck(
        "every hourly subscription has one rate at every instant",
        """
        SELECT s.id, r.valid_from, r.valid_until, r.next_from
          FROM billing_subscription s
          LEFT JOIN (
               SELECT subscription_id, valid_from, valid_until,
                      min(valid_from) OVER (PARTITION BY subscription_id) AS first_from,
                      lead(valid_from) OVER (PARTITION BY subscription_id
                                             ORDER BY valid_from) AS next_from
                 FROM billing_rate) r ON r.subscription_id = s.id
         WHERE s.sale = 'HOURLY' AND s.billed_until IS DISTINCT FROM s.billed_from
           AND (r.subscription_id IS NULL OR r.first_from <> s.billed_from
                OR r.valid_until IS DISTINCT FROM r.next_from)""",
    ),
    BookCheck(
        "every completed order has its subscription and instance, no other has",
        """
        SELECT o.id, o.state FROM billing_order o
          LEFT JOIN billing_subscription s ON s.order_id = o.id
          LEFT JOIN resources_instance i ON i.id = o.instance_id
         WHERE (o.state = 'COMPLETED') <> (s.id IS NOT NULL)
            OR o.state = 'COMPLETED' AND (i.state IN ('RUNNING', 'DELETED')) IS NOT TRUE
            OR o.state = 'FAILED' AND (i.state = 'FAILED') IS NOT TRUE
            OR o.state IN ('PENDING_PAYMENT', 'CANCELLED') AND i.id IS NOT NULL""",
    ),
    BookCheck(
        "every order's hold is its own, and resolved as the order ended",
        """
        SELECT o.id, o.state, o.hold_id, h.amount, r.kind
          FROM billing_order o
          LEFT JOIN funds_transaction h ON h.id = o.hold_id AND h.kind = 40
           AND h.reference = 'order:' || o.id
          LEFT JOIN funds_transaction r ON r.reverses_id = h.id
         WHERE o.hold_id IS NOT NULL
           AND (h.amount = o.hold_amount AND h.tenant_id = o.tenant_id
                AND CASE WHEN o.state = 'PROCESSING' THEN r.id IS NULL
                         WHEN o.state = 'COMPLETED' AND o.sale = 'TERM' THEN r.kind = 51
                         ELSE r.kind = 50 END) IS NOT TRUE""",
    ),
    BookCheck(
        "every prepaid term was taken once, at the price of its order",
        """
        SELECT o.id, o.amount, count(t.id), sum(t.amount)
          FROM billing_order o
          LEFT JOIN funds_transaction t ON t.reference = 'order:' || o.id AND t.kind = 20
         GROUP BY o.id
        HAVING coalesce(sum(t.amount), 0) <>
               CASE WHEN o.state = 'COMPLETED' AND o.sale = 'TERM' AND o.needs_payment
                    THEN o.amount ELSE 0 END
            OR count(t.id) > 1""",
    ),
    BookCheck(
        "every hold and purchase for an order names an order",
        """
        SELECT t.id, t.reference FROM funds_transaction t
          LEFT JOIN billing_order o ON t.reference = 'order:' || o.id
           AND o.tenant_id = t.tenant_id
         WHERE t.reference LIKE 'order:%' AND o.id IS NULL""",
    ),
    BookCheck(
        "every guard of what is owed stands, on every partition",
        f"""
        WITH expected (table_name, name) AS (
          VALUES {_EXPECTED}
           UNION ALL
          SELECT c.relname, n.name FROM pg_inherits i
            JOIN pg_class c ON c.oid = i.inhrelid
           CROSS JOIN (VALUES ('charge_enters_by_the_whole'), ('charge_is_append_only'))
             AS n (name)
           WHERE i.inhparent = 'public.billing_charge'::regclass),
        found AS (
          SELECT c.relname AS table_name, t.tgname AS name, t.tgenabled AS enabled
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           WHERE NOT t.tgisinternal
             AND c.relname IN (SELECT table_name FROM expected))
        SELECT coalesce(e.table_name, f.table_name), coalesce(e.name, f.name), f.enabled
          FROM expected e FULL JOIN found f USING (table_name, name)
         WHERE e.name IS NULL OR f.enabled IS DISTINCT FROM 'A'""",  # noqa: S608
    ),
]
