"""Filling the measured database: one tenant, fund accounts with money, as the owner."""

from datetime import datetime

import psycopg

from tools.bench.database import BenchDatabase

START = 1_000_000

_PEOPLE = """
INSERT INTO accounts_user (id, password, email, name, staff_role, language, time_zone,
                           theme, is_active)
VALUES (1, '!', 'bench@example.test', 'Bench', '', 'en', 'UTC', '', true);
INSERT INTO accounts_tenant (id, name, slug, kind, currency, time_zone, billing_plan)
VALUES (1, 'Bench', 'bench', 'ORGANIZATION', 'USD', 'UTC', 'PREPAID');
INSERT INTO accounts_membership (tenant_id, user_id, role) VALUES (1, 1, 'TENANT_ADMIN');
"""

_FUND_ACCOUNTS = """
INSERT INTO funds_fundaccount
  (id, tenant_id, name, description, kind, currency, owner_id, credit_limit, created_at)
SELECT n, 1, 'Account ' || n, '', 'PREPAID', 'USD', 1, 0, now()
  FROM generate_series(1, %s) AS n
"""

_MONEY = """
SELECT count(*) FROM funds_post_many(
  (SELECT array_agg('seed-money:' || id ORDER BY id) FROM seeded),
  (SELECT array_agg(1::bigint) FROM seeded), (SELECT array_agg('USD'::text) FROM seeded),
  (SELECT array_agg(funds_system_pot(10::smallint, 'USD')) FROM seeded),
  (SELECT array_agg(id ORDER BY id) FROM seeded),
  (SELECT array_agg(%s::numeric) FROM seeded), (SELECT array_agg(10::smallint) FROM seeded),
  (SELECT array_agg('seed:1'::text) FROM seeded),
  (SELECT array_agg(now()) FROM seeded), (SELECT array_agg(NULL::bigint) FROM seeded))
"""


def fund_accounts(database: BenchDatabase, count: int) -> list[int]:
    """Open `count` fund accounts holding 1,000,000.00 each; return their available pots."""
    with database.connect() as connection:
        connection.execute(_PEOPLE)
        connection.execute(_FUND_ACCOUNTS, [count])
        connection.execute(
            "CREATE TEMPORARY TABLE seeded AS SELECT id FROM funds_pot WHERE kind = 1"
        )
        connection.execute(_MONEY, [START])
        connection.execute("VACUUM ANALYZE")
        pots = connection.execute("SELECT id FROM seeded ORDER BY id").fetchall()
    return [pot for (pot,) in pots]


# Orders, instances, subscriptions and rates of running hourly instances, as they stand
# after their deployments. Their guards judge one row at a time and are not what is
# measured, so they are off while the rows are made and on again before the first run.
_GUARDED = (
    "resources_instance",
    "billing_order",
    "billing_subscription",
    "billing_rate",
    "funds_potbalance",
)
_PRICES = """
INSERT INTO accounts_businessgroup (id, tenant_id, name) VALUES (1, 1, 'Bench');
INSERT INTO pricing_product (id, code, name, state)
VALUES (1, 'instance', 'Instance', 'ON_SALE');
INSERT INTO pricing_pricelist (id, name, currency) VALUES (1, 'Bench', 'USD');
INSERT INTO pricing_priceversion (id, price_list_id, effective_from, published_at, note)
VALUES (1, 1, '2026-01-01', NULL, '');
UPDATE pricing_priceversion SET published_at = '2026-01-01' WHERE id = 1;
"""
_INSTANCES = """
INSERT INTO resources_instance (id, tenant_id, business_group_id, name, vcpu, memory_gib,
  disk_gib, has_public_ip, state, failure, driver, deployed_at)
SELECT n, 1, 1, 'vm-' || n, 2, 4, 40, false, 'RUNNING', '', 'simulated', %(since)s
  FROM generate_series(1, %(count)s) AS n
"""
_ORDERS = """
INSERT INTO billing_order (id, kind, state, form_key, name, vcpu, memory_gib, disk_gib,
  has_public_ip, sale, months, currency, amount, per_second, lines, needs_payment,
  hold_amount, created_at, finished_at, failure, tries, business_group_id,
  fund_account_id, instance_id, price_version_id, product_id, requested_by_id, tenant_id)
SELECT n, 'NEW', 'COMPLETED', gen_random_uuid(), 'vm-' || n, 2, 4, 40, false, 'HOURLY', 0,
       'USD', 0.01, 0.00001, '[]', false, 0, %(since)s, %(since)s, '', 1, 1,
       1 + (n - 1) %% %(accounts)s, n, 1, 1, 1, 1
  FROM generate_series(1, %(count)s) AS n
"""
_SUBSCRIPTIONS = """
INSERT INTO billing_subscription (id, tenant_id, order_id, instance_id, fund_pot_id,
  currency, sale, quantities, price_version_id, billed_from)
SELECT o.id, 1, o.id, o.instance_id, p.id, 'USD', 'HOURLY', '{"VCPU": 2}', 1, %(since)s
  FROM billing_order o
  JOIN funds_pot p ON p.fund_account_id = o.fund_account_id AND p.kind = 1
"""
_RATES = """
INSERT INTO billing_rate (subscription_id, valid_from, per_second, price_version_id)
SELECT id, billed_from, 0.000010 + (id %% 90) * 0.000000123457, 1 FROM billing_subscription
"""


def subscriptions(
    database: BenchDatabase, *, resources: int, accounts: int, since: datetime
) -> None:
    """Let `resources` hourly instances run since a full hour, spread over the accounts."""
    values = {"count": resources, "accounts": accounts, "since": since}
    with database.connect() as connection:
        connection.execute(_PRICES)
        for table in _GUARDED:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in (_INSTANCES, _ORDERS, _SUBSCRIPTIONS, _RATES):
            connection.execute(statement, values)
        connection.execute(
            "UPDATE funds_potbalance SET charged_through = %s WHERE pot_id IN"
            " (SELECT fund_pot_id FROM billing_subscription)",
            [since],
        )
        for table in _GUARDED:
            _enable_guards(connection, table)
    with database.connect() as connection:
        connection.execute("VACUUM ANALYZE")


def _enable_guards(connection: psycopg.Connection, table: str) -> None:
    guards = connection.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
        [table],
    )
    for (guard,) in guards.fetchall():
        connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")
