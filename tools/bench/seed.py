"""Filling the measured database: one tenant, fund accounts with money, as the owner."""

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
