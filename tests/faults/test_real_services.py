"""F02, F07, F09 on services of their own: cluster stopped, workers and broker killed.

Long proofs: they run with `--deep` only. LIF-11: whatever died, the next run makes it up.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import Tenant
from billing.actions import deductions, hours
from billing.models import Charge
from billing.tasks import run_hourly_deductions
from cmp.celery import app as celery
from cmp.lib.clock import HOUR, hour_floor
from tests.databases import Database, point_django_at
from tests.factories.accounts import TenantFactory
from tests.factories.billing import NOON, hours_after
from tests.factories.pricing import publish
from tests.faults.books import breaches
from tests.faults.killing import beside, moments, until_true
from tests.faults.rivals import race
from tests.faults.spending import ACCOUNTS, charged_once, spending
from tools.stack.postgres import Postgres

pytestmark = pytest.mark.deep
ROOT = Path(__file__).parents[2]


# ---------------------------------------------------------------- F07 a cluster of its own


@pytest.fixture
def own_cluster(
    tmp_path: Path,
    worker_database: Database,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Postgres]:
    """A durable PostgreSQL that this test alone uses, migrated; Django points to it."""
    cluster = Postgres(tmp_path, durable=True)
    cluster.start(tmp_path / "postgres.log")
    addresses = cluster.addresses()
    try:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": addresses["DATABASE_OWNER_URL"]},
            check=True,
        )
        with django_db_blocker.unblock():
            point_django_at(addresses["DATABASE_URL"])
            yield cluster
            point_django_at(worker_database.url_app)
    finally:
        cluster.stop()


def stop_at_once(cluster: Postgres) -> None:
    """PostgreSQL's immediate stop: no checkpoint, so that starting again is a recovery."""
    assert cluster.child
    os.kill(cluster.child.process.pid, signal.SIGQUIT)
    cluster.child.process.wait(30)


def test_f07_a_database_stopped_in_the_middle_of_the_run_loses_nothing(
    own_cluster: Postgres, tmp_path: Path
) -> None:
    tenant = TenantFactory.create(slug="acme", name="Acme", currency="USD")
    publish()
    for _number in range(ACCOUNTS):
        spending(tenant)
    until = hours_after(NOON, 1500)

    alive = 0
    for moment in moments(77, 50, 0.5):
        with beside(lambda: deductions.run(at=until)) as process:
            process.join(moment)
            alive += process.is_alive()
            stop_at_once(own_cluster)
        own_cluster.start(tmp_path / "postgres.log")
    deductions.run(at=until)

    assert alive > 10
    assert charged_once(1500)
    assert breaches("funds", "billing") == []


# ---------------------------------------------------------------- F02, F09 real workers


@pytest.fixture
def broker() -> Iterator[str]:
    """A database of the test's Valkey that no other test uses."""
    url = f"{settings.REDIS_URL.partition('?')[0]}?db=9"
    client = redis.from_url(url)
    client.flushdb()
    yield url
    client.flushdb()


@contextmanager
def working(database: Database, broker: str, log: Path) -> Iterator[None]:
    """A real worker; at the end it and its children are killed, by their ids."""
    argv = [sys.executable, "-m", "celery", "-A", "cmp", "worker", "-c", "1"]
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [*argv, "--loglevel", "INFO", "--without-gossip", "--without-mingle"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database.url_app, "REDIS_URL": broker},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            until_true(lambda: b" ready." in log.read_bytes(), patience_s=90)
            yield
        finally:
            for pid in [*_children(worker.pid), worker.pid]:
                os.kill(pid, signal.SIGKILL)
            worker.wait(30)


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def wake_up(broker: str) -> None:
    """What beat does every hour, in a process of its own."""

    def send() -> str:
        address = urlsplit(broker)
        celery.conf.broker_url = (
            f"redis+socket://{address.path}?virtual_host={address.query[3:]}"
        )
        run_hourly_deductions.apply_async()
        return "sent"

    assert race([send]) == {"sent": 1}


@pytest.mark.skipif(sys.platform != "linux", reason="finds a worker's children in /proc")
def test_f02_killed_workers_and_a_flushed_broker_cost_time_only(
    committed_db: Database, acme: Tenant, broker: str, tmp_path: Path
) -> None:
    """The run goes on from the rows, although each time the message is gone as well."""
    publish()
    for _number in range(ACCOUNTS):
        spending(acme, hour_floor(timezone.now()) - 600 * HOUR)
    charges = Charge.objects.all()

    counts = [0]
    for kill in range(5):
        with working(committed_db, broker, tmp_path / f"worker-{kill}.log"):
            wake_up(broker)
            until_true(lambda: charges.count() > counts[-1], patience_s=60)
        redis.from_url(broker).flushdb()
        counts.append(charges.count())
    with working(committed_db, broker, tmp_path / "worker.log"):
        wake_up(broker)
        before = hour_floor(timezone.now())
        until_true(lambda: hours.first_open(before=before) is None, patience_s=600)

    assert counts == sorted(set(counts))
    assert breaches("funds", "billing") == []
