"""FND-10, BIL-02, ORD-02, PRI-03: raw SQL against what is owed, in three roles.

Each attack is rolled back; the guard that must refuse it is named, so that an attack
refused by accident counts as a failure. The census of `tests/census` fails on a guard
that no attack names. Two twins show that the tests have teeth.
"""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

import funds.queries
from accounts.models import BusinessGroup, Tenant, User
from billing.actions import deductions, orders, subscriptions
from billing.models import Subscription
from funds.actions import fund_accounts
from funds.models import FundAccount
from pricing.models import PriceVersion, Sale
from tests.billing.attacks import ATTACKS, at, charge, charges, hour, rate, sub
from tests.databases import Database
from tests.factories.accounts import BusinessGroupFactory
from tests.factories.billing import (
    NOON,
    completed,
    hours_after,
    running,
    submitted,
    wanted,
)
from tests.factories.funds import open_account
from tests.factories.pricing import LONG_AGO, publish
from tests.funds.attacks import Attack

ROLES = {"app": "cmp_app", "owner": "cmp_owner", "superuser": None}


@pytest.fixture
def world(  # noqa: PLR0917 (fixtures)
    committed_db: Database,
    funded: FundAccount,
    acme: Tenant,
    globex: Tenant,
    globex_group: BusinessGroup,
    mia: User,
    tina: User,
    group: BusinessGroup,
) -> dict[str, int]:
    """An hour charged, orders in every state, and a pot of each kind one may mistake."""
    version = PriceVersion.objects.get()
    draft = PriceVersion.objects.create(
        price_list=version.price_list, effective_from=LONG_AGO + timedelta(1)
    )
    other = open_account(acme, groups=[BusinessGroupFactory.create(tenant=acme)])
    foreign = open_account(globex, groups=[globex_group])
    dead = open_account(acme, groups=[BusinessGroupFactory.create(tenant=acme)])
    fund_accounts.delete(actor=tina, fund_account_id=dead.pk, at=NOON)
    first = running(mia, group, at=NOON + timedelta(minutes=15))
    second = running(mia, group)
    ended = running(mia, group)
    subscriptions.end(
        actor=mia, instance_id=ended.instance_id, at=NOON + timedelta(minutes=30)
    )
    term = completed(mia, wanted(group, sale=Sale.TERM))
    failed = completed(mia, wanted(group, name="fail-it"))
    opened = submitted(mia, wanted(group))
    opened = orders.pay(actor=mia, order_id=opened.pk, at=NOON)
    deductions.run(at=hours_after(NOON, 1))
    pots = funds.queries.pots_of(funded.pk)
    return {
        "acme": acme.pk,
        "globex": globex.pk,
        "mia": mia.pk,
        "group": group.pk,
        "globex_group": globex_group.pk,
        "account": funded.pk,
        "other_account": other.pk,
        "globex_account": foreign.pk,
        "dead_account": dead.pk,
        "pot": pots.available_id,
        "held": pots.held_id,
        "other_pot": funds.queries.available_pot_id(other.pk),
        "globex_pot": funds.queries.available_pot_id(foreign.pk),
        "version": version.pk,
        "draft": draft.pk,
        "euro": publish("EUR").pk,
        "product": opened.product_id,
        "pending": submitted(mia, wanted(group)).pk,
        "open_order": opened.pk,
        "open_instance": opened.instance_id or 0,
        "failed": failed.pk,
        "term": Subscription.objects.get(order=term).pk,
        "ended": ended.pk,
        "ended_order": ended.order_id,
        "ended_instance": ended.instance_id,
        "sub": first.pk,
        "sub_b": second.pk,
        "rate": first.rates.get().pk,
        "rate_b": second.rates.get().pk,
        "order": first.order_id,
        "instance": first.instance_id,
    }


@pytest.mark.parametrize("role", ROLES)
def test_each_attack_is_refused_by_the_guard_it_names(
    committed_db: Database, world: dict[str, int], role: str
) -> None:
    connection = committed_db.connect("superuser")

    wrong = []
    for attack in ATTACKS:
        refused = _refused_by(connection, attack.sql.format(**world), ROLES[role])
        if _expected(attack, role) not in refused:
            wrong.append(f"{attack.name}: {_expected(attack, role)}, not {refused}")

    assert wrong == [], "\n" + "\n".join(wrong)


CONTROLS = {
    "a whole hour": hour(),
    "a whole hour, twice the second time for nothing": hour() + "; " + hour()
    + " ON CONFLICT DO NOTHING",
    "a subscription": sub(),
    "an end": f"UPDATE billing_subscription SET billed_until = {at('13:00')}"
    " WHERE id = {sub}",
    "a new rate": f"UPDATE billing_rate SET valid_until = {at('14:00')}"
    " WHERE id = {rate}; " + rate(),
    "a month": "SELECT billing_open_month(now())",
}  # fmt: skip


def test_what_is_allowed_to_the_application_works(
    committed_db: Database, world: dict[str, int]
) -> None:
    connection = committed_db.connect("superuser")

    refused = {
        name: _refused_by(connection, sql.format(**world), "cmp_app")
        for name, sql in CONTROLS.items()
    }

    assert refused == {name: set() for name in CONTROLS}


FUNCTIONS = [
    "SELECT funds_charge_usage(now(), ARRAY[{pot}]::bigint[], ARRAY[1]::numeric[])",
    "SELECT funds_watermark_start({other_pot}, now())",
    "SELECT billing_charge_apply()",
    "UPDATE funds_potbalance SET charged_through = NULL WHERE pot_id = {pot}",
    "CREATE TABLE billing_charge_2027_01 PARTITION OF billing_charge"
    " FOR VALUES FROM ('2027-01-01') TO ('2027-02-01')",
    "ALTER TABLE billing_charge DISABLE TRIGGER billing_charge_apply",
    "DROP TRIGGER billing_charge_apply ON billing_charge",
]


def test_the_application_cannot_go_around_the_guards(
    committed_db: Database, world: dict[str, int]
) -> None:
    connection = committed_db.connect("superuser")

    open_ways = [
        sql
        for sql in FUNCTIONS
        if not _refused_by(connection, sql.format(**world), "cmp_app") & {"42501", "0A000"}
    ]

    assert open_ways == []


TEETH = [
    ("billing_charge_apply", "billing_charge", charges(charge(amount="0"))),
    ("billing_sub_guard", "billing_subscription", sub(start=at("12:00"))),
    ("billing_rate_guard", "billing_rate", rate(sub="{term}")),
    (
        "billing_order_guard",
        "billing_order",
        "UPDATE billing_order SET amount = 0.01 WHERE id = {pending}",
    ),
]


def test_without_its_guard_an_attack_succeeds(
    committed_db: Database, world: dict[str, int]
) -> None:
    """The teeth: were the guard away, these tests would notice."""
    connection = committed_db.connect("superuser")

    for guard, table, attack in TEETH:
        sql = attack.format(**world)
        assert _refused_by(connection, sql, "cmp_owner")
        without = f"ALTER TABLE {table} DISABLE TRIGGER {guard}; {sql}"
        assert _refused_by(connection, without, "cmp_owner") == set()


def test_a_partition_that_is_opened_is_guarded_like_the_others(
    committed_db: Database, world: dict[str, int]
) -> None:
    owner = committed_db.connect("owner")
    owner.execute("SELECT billing_open_month(now()), billing_open_month('2026-05-31')")

    rows = owner.execute(
        "SELECT count(*), count(DISTINCT t.tgrelid) FROM pg_trigger t"
        " JOIN pg_inherits i ON i.inhrelid = t.tgrelid"
        " WHERE i.inhparent = 'billing_charge'::regclass AND t.tgenabled = 'A'"
        "   AND t.tgname IN ('charge_enters_by_the_whole', 'charge_is_append_only')"
    ).fetchone()
    rights = owner.execute(
        "SELECT count(*) FROM pg_inherits i,"
        " unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'SELECT']) AS p (name)"
        " WHERE i.inhparent = 'billing_charge'::regclass"
        "   AND has_table_privilege('cmp_app', i.inhrelid, p.name)"
    ).fetchone()

    assert rows == (6, 3)
    assert rights == (0,)


def _expected(attack: Attack, role: str) -> str:
    return {"app": attack.app, "owner": attack.owner or attack.guard}.get(
        role, attack.guard
    )


def _refused_by(connection: Any, statement: str, role: str | None) -> set[str]:
    """The sqlstate and the guard that refused, or an empty set; nothing stays."""
    try:
        if role is not None:
            connection.execute(f"SET LOCAL ROLE {role}")
        connection.execute(statement)
    except psycopg.Error as refusal:
        return {refusal.sqlstate or "", refusal.diag.constraint_name or ""}
    finally:
        connection.rollback()
    return set()
