"""What operators are woken by: read from rows, right whichever process died."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from accounts.models import BusinessGroup, Tenant, User
from billing.actions import books, deductions, parkings
from cmp.health import oldest_due_s
from cmp.lib import gauges
from cmp.lib.gauges import Gauge
from cmp.lib.jobs.models import JobRun
from cmp.metrics import GaugeCollector
from funds import queries as funds_queries
from funds.models import FundAccount
from payments.actions import inbox
from payments.models import GatewayMessage, PaymentChannel, Recharge
from tests.factories import billing as orders
from tests.factories import payments as make
from tests.factories.funds import put_in
from tests.factories.pricing import publish

TOKEN = "a-token-of-thirty-two-characters-"


@pytest.fixture
def channel(acme: Tenant, tina: User, settings: Settings) -> PaymentChannel:
    settings.PAYMENT_GATEWAY_HOSTS = [make.GATEWAY_ORIGIN]
    return make.make_channel(tina, acme)


@pytest.fixture
def recharge(alice: User, acme_account: FundAccount, channel: PaymentChannel) -> Recharge:
    """Waits for payment since noon; five minutes later it fell due to be asked about."""
    return make.start_recharge(alice, acme_account, channel)


def value(name: str) -> float:
    (gauge,) = [gauge for gauge in gauges.declared() if gauge.name == name]
    ((_, found),) = gauges.read(gauge)
    return found


def age_s(at: datetime) -> float:
    return (timezone.now() - at).total_seconds()


def test_every_gauge_can_be_read_when_nothing_is_there(database: None) -> None:
    found = {gauge.name: gauges.read(gauge) for gauge in gauges.declared()}

    assert len(found) == len(gauges.declared()) >= 14
    assert {
        name: rows for name, rows in found.items() if rows not in ([], [("", 0.0)])
    } == {}


def test_a_recharge_nobody_asked_about_is_overdue(recharge: Recharge) -> None:
    due = recharge.next_check_at
    assert due is not None

    assert value("cmp_recharge_check_overdue_s") == pytest.approx(age_s(due), abs=5)
    assert value("cmp_recharges_unresolved") == 1
    assert oldest_due_s() == pytest.approx(age_s(due), abs=5)


def test_a_recharge_that_is_due_later_is_not_overdue(recharge: Recharge) -> None:
    Recharge.objects.filter(pk=recharge.pk).update(
        next_check_at=timezone.now() + timedelta(minutes=5)
    )

    assert value("cmp_recharge_check_overdue_s") == 0
    assert value("cmp_recharges_unresolved") == 1


def test_a_message_that_is_not_judged_is_backlog(channel: PaymentChannel) -> None:
    received = timezone.now() - timedelta(minutes=3)
    message = inbox.store(
        channel_id=channel.pk,
        origin=GatewayMessage.Origin.NOTICE,
        content_type=make.FORM,
        body=b"a=b",
        at=received,
    )

    assert value("cmp_inbox_backlog") == 1
    assert value("cmp_inbox_overdue_s") == pytest.approx(180, abs=5)

    inbox.judge(message_id=message.pk, at=timezone.now())

    assert value("cmp_inbox_backlog") == value("cmp_inbox_overdue_s") == 0


@pytest.fixture
def paying(acme_account: FundAccount) -> FundAccount:
    publish()
    put_in(acme_account, "100.00")
    return acme_account


def test_hourly_use_is_overdue_until_the_run_charged_it(
    committed_db: object, paying: FundAccount, acme_group: BusinessGroup, mia: User
) -> None:
    started = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    orders.running(mia, acme_group, at=started)
    oldest_hour_ended = started + timedelta(hours=1)

    overdue = value("cmp_hourly_use_overdue_s")
    deductions.run(at=timezone.now())

    assert overdue == pytest.approx(age_s(oldest_hour_ended), abs=30)
    assert value("cmp_hourly_use_overdue_s") == 0


def test_a_parked_account_is_told_apart(
    committed_db: object, paying: FundAccount, acme_group: BusinessGroup, mia: User
) -> None:
    """Its watermark stands still; counted, it would hide the next account to stop."""
    started = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    orders.running(mia, acme_group, at=started)

    pot_id = funds_queries.available_pot_id(paying.pk)
    parkings.park(pot_id=pot_id, hour=started, reason="no price", at=timezone.now())

    assert value("cmp_fund_accounts_parked") == 1
    assert value("cmp_hourly_use_overdue_s") == 0


def test_the_last_audit_of_the_books_is_told(database: None) -> None:
    outcomes = books.audit(at=timezone.now())

    run = JobRun.objects.get(job="audit_books")
    assert (run.state, run.counted, run.errors) == ("FINISHED", 0, [])
    assert len(outcomes) > 10
    assert value("cmp_books_breaches") == 0


def test_breaches_of_the_last_audit_are_counted(database: None) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    for counted, started in ((0, at), (7, at + timedelta(days=1))):
        JobRun.objects.create(
            job="audit_books",
            state="FINISHED",
            started_at=started,
            finished_at=started,
            counted=counted,
        )

    assert value("cmp_books_breaches") == 7


def test_a_gauge_that_fails_spoils_no_other(database: None) -> None:
    """A table that is missing in the middle of an upgrade."""
    broken = Gauge("cmp_broken_overdue_s", "Never", "SELECT 1 FROM public.not_there")

    collector = GaugeCollector([broken, *gauges.declared()])
    found = {family.name: family for family in collector.collect()}

    assert "cmp_broken_overdue_s" not in found
    assert found["cmp_gauges_failed"].samples[0].value == 1
    assert found["cmp_inbox_backlog"].samples[0].value == 0


@pytest.mark.parametrize(
    ("token", "given", "status"),
    [
        (TOKEN, f"Bearer {TOKEN}", 200),
        (TOKEN, "Bearer wrong", 404),
        (TOKEN, TOKEN, 404),
        (TOKEN, "", 404),
        ("", "Bearer ", 404),
        ("", "", 404),
    ],
)
def test_metrics_are_shown_to_whoever_has_the_token(
    client: Client, database: None, settings: Settings, token: str, given: str, status: int
) -> None:
    settings.METRICS_TOKEN = token

    answer = client.get("/metrics", headers={"Authorization": given} if given else {})

    assert answer.status_code == status


def test_the_metrics_page_is_what_prometheus_reads(
    client: Client, database: None, settings: Settings
) -> None:
    settings.METRICS_TOKEN = TOKEN
    JobRun.objects.create(
        job="sweep_orders",
        state="FINISHED",
        started_at=timezone.now(),
        finished_at=timezone.now(),
        lag_s=42,
    )

    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content

    families = {f.name: f for f in text_string_to_metric_families(text.decode())}
    (lag,) = families["cmp_job_last_lag_s"].samples
    assert (lag.labels, lag.value) == ({"job": "sweep_orders"}, 42)


def test_health_is_told_and_a_dead_broker_makes_it_503(
    client: Client, database: None, settings: Settings
) -> None:
    well = client.get("/healthz")
    settings.REDIS_URL = "unix:///nowhere/valkey.sock?db=0"
    ill = client.get("/healthz")

    assert (well.status_code, well.json()) == (
        200,
        {"ok": True, "database": True, "broker": True, "oldest_due_s": 0},
    )
    assert (ill.status_code, ill.json()["ok"], ill.json()["broker"]) == (503, False, False)
    assert connection.is_usable()
