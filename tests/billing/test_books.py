"""SET-05: `audit_books` is silent about good books and finds every kind of bad ones."""

import json
from typing import Any

import pytest
from django.core.management import call_command

import billing.checks
from accounts.models import BusinessGroup, Tenant, User
from billing.actions import deductions, orders
from billing.models import Subscription
from funds.models import FundAccount
from pricing.models import PriceVersion, Sale
from tests.databases import Database
from tests.factories import payments as pay
from tests.factories.billing import (
    NOON,
    completed,
    hours_after,
    running,
    submitted,
    wanted,
)

# What breaks each check, by the check's name, with all triggers off.
BREACHES = {
    "every usage deduction is the sum of its charges":
        "UPDATE funds_transaction SET amount = amount + 0.000001 WHERE kind = 31",
    "every second of use up to the watermark is charged once":
        "DELETE FROM billing_charge WHERE hour = '2026-03-01T13:00Z'",
    "every charge is its seconds times its rate, half-up to six decimals":
        "UPDATE billing_rate SET per_second = per_second + 0.000001",
    "every charge belongs to an hourly subscription, its fund account and its tenant":
        "UPDATE billing_charge SET tenant_id = tenant_id + 1",
    "every subscription is paid from a fund account of its tenant and currency":
        "UPDATE billing_subscription SET currency = 'EUR'",
    "every hourly subscription has one rate at every instant":
        "UPDATE billing_rate SET valid_until = '2026-03-01T20:00Z'",
    "every completed order has its subscription and instance, no other has":
        "UPDATE resources_instance SET state = 'DEPLOYING' WHERE state = 'RUNNING'",
    "every order's hold is its own, and resolved as the order ended":
        "UPDATE billing_order SET hold_id = hold_id + 1000000 WHERE hold_id IS NOT NULL",
    "every prepaid term was taken once, at the price of its order":
        "UPDATE funds_transaction SET amount = amount - 1 WHERE kind = 20",
    "every hold and purchase for an order names an order":
        "UPDATE funds_transaction SET reference = 'order:999999' WHERE kind = 40",
    "every guard of what is owed stands, on every partition":
        "DROP TRIGGER charge_enters_by_the_whole ON billing_charge_2026_03",
}  # fmt: skip
_TABLES = (
    "billing_charge", "billing_charge_2026_03", "billing_order", "billing_rate",
    "billing_subscription", "funds_transaction", "resources_instance",
)  # fmt: skip


@pytest.fixture
def busy(
    acme: Tenant,
    acme_account: FundAccount,
    prices: PriceVersion,
    alice: User,
    tina: User,
    mia: User,
    group: BusinessGroup,
) -> Subscription:
    """A recharge, hours charged, a term bought, a deployment failed, orders in between."""
    channel = pay.make_channel(tina, acme)
    recharge = pay.start_recharge(alice, acme_account, channel, "100.00")
    pay.deliver(channel, pay.answer(recharge))
    subscription = running(mia, group)
    completed(mia, wanted(group, sale=Sale.TERM))
    completed(mia, wanted(group, name="fail-it"))
    submitted(mia, wanted(group))
    paid = submitted(mia, wanted(group))
    orders.pay(actor=mia, order_id=paid.pk, at=NOON)
    deductions.run(at=hours_after(NOON, 2))
    return subscription


def test_good_books_are_good(
    committed_db: Database, busy: Subscription, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("audit_books", "--json")

    facts = json.loads(capsys.readouterr().out)
    assert facts["ok"] is True
    assert {check["name"] for check in facts["checks"]} >= set(BREACHES)
    assert all(check.keys() == _KEYS for check in facts["checks"])


_KEYS = {"name", "ok", "count", "seconds", "breaches"}


def test_each_check_finds_its_breach(committed_db: Database, busy: Subscription) -> None:
    connection: Any = committed_db.connect("superuser")
    off = "; ".join(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in _TABLES)

    silent = []
    for check in billing.checks.BOOK_CHECKS:
        assert connection.execute(check.sql).fetchall() == [], check.name
        connection.execute(f"{off}; {BREACHES[check.name]}")
        if not connection.execute(check.sql).fetchall():
            silent.append(check.name)
        connection.rollback()

    assert silent == []


def test_bad_books_end_with_status_one(
    committed_db: Database, busy: Subscription, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = committed_db.connect("superuser")
    connection.execute("ALTER TABLE billing_rate DISABLE TRIGGER billing_rate_guard")
    connection.execute("UPDATE billing_rate SET per_second = 0")
    connection.commit()

    with pytest.raises(SystemExit) as ended:
        call_command("audit_books", "--json")

    facts = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert facts["ok"] is False
    bad = {check["name"]: check for check in facts["checks"] if not check["ok"]}
    name = "every charge is its seconds times its rate, half-up to six decimals"
    assert bad[name]["count"] == 2
    assert bad[name]["breaches"][0] == [
        "2026-03-01 12:00:00+00:00",
        str(busy.pk),
        "3600",
        "0.077173",
    ]
