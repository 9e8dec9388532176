"""How fast an hour is charged: every guard on, against the bare inserts of the same rows.

The limit writes what the run wrote – charges, transactions, balances and watermarks,
precomputed – by plain INSERT … SELECT and UPDATE into tables with the same indexes and
no triggers, over as many connections as the run has workers. Each round charges one more
hour and then repeats it as the limit; medians are compared.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier as ProcessBarrier
from typing import Any

import psycopg

from tools.bench import lanes, seed
from tools.bench.cpu import backend_cpu_s
from tools.bench.database import BenchDatabase, fresh_database

WORKERS = 2
HOUR = timedelta(hours=1)
_fork = multiprocessing.get_context("fork")
# CPU and wall seconds of one lane in one round.
Spent = tuple[float | None, float]
# What one worker does: its number and the hour that is charged.
Work = Callable[[BenchDatabase, int, datetime], None]

_LIMIT_TABLES = """
CREATE TABLE bench_charge (LIKE billing_charge INCLUDING ALL);
CREATE TABLE bench_transaction (LIKE funds_transaction INCLUDING ALL);
CREATE TABLE bench_balance (LIKE funds_potbalance INCLUDING ALL);
ALTER TABLE bench_balance SET (fillfactor = 50);
INSERT INTO bench_balance SELECT * FROM funds_potbalance;
CREATE TABLE made_charge (LIKE billing_charge);
CREATE TABLE made_transaction (LIKE funds_transaction);
CREATE TABLE made_balance (LIKE funds_potbalance)
"""
_PRECOMPUTE = """
TRUNCATE made_charge, made_transaction, made_balance;
INSERT INTO made_charge SELECT * FROM billing_charge WHERE hour = '{hour}'
  ORDER BY fund_pot_id, subscription_id;
INSERT INTO made_transaction SELECT * FROM funds_transaction
  WHERE kind = 31 AND occurred_at = '{end}' ORDER BY source_id;
INSERT INTO made_balance SELECT * FROM funds_potbalance ORDER BY pot_id;
ANALYZE made_charge, made_transaction, made_balance
"""
_LIMIT = """
INSERT INTO bench_charge SELECT * FROM made_charge WHERE fund_pot_id BETWEEN {lo} AND {hi};
INSERT INTO bench_transaction SELECT * FROM made_transaction
  WHERE source_id BETWEEN {lo} AND {hi};
UPDATE bench_balance b SET balance = m.balance, version = m.version,
  charged_through = m.charged_through
  FROM made_balance m WHERE m.pot_id = b.pot_id AND b.pot_id BETWEEN {lo} AND {hi}
"""


def measure(*, resources: int, fund_accounts: int, repeats: int) -> dict[str, Any]:
    """One hour per round, by the product and by the limit; and whether the books hold."""
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    since -= HOUR * (repeats + 3)
    with fresh_database() as database:
        seed.fund_accounts(database, fund_accounts)
        seed.subscriptions(
            database, resources=resources, accounts=fund_accounts, since=since
        )
        _execute(database, _LIMIT_TABLES)
        runs, limits = [], []
        for number in range(repeats + 1):
            hour = since + HOUR * number
            run = _together(database, _charge_hour, hour)
            _execute(database, _PRECOMPUTE.format(hour=hour, end=hour + HOUR))
            limit = _together(database, _write_limit, hour)
            if number:  # the first round warms both
                runs.append(run)
                limits.append(limit)
            _execute(database, "VACUUM funds_potbalance; VACUUM bench_balance")
        books_ok = _books_hold(database, resources, repeats + 1)
    return _report(resources, fund_accounts, runs, limits, books_ok)


def _charge_hour(database: BenchDatabase, number: int, hour: datetime) -> None:
    """One worker of the product's run."""
    from billing.actions import deductions

    deductions.run(at=datetime.now(UTC), until=hour + HOUR, started_by=f"bench {number}")


def _write_limit(database: BenchDatabase, number: int, hour: datetime) -> None:
    """One connection's half of the pots, written without a guard."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT min(pot_id), max(pot_id) FROM made_balance")
        first, last = cursor.fetchone()
        step = (last - first) // WORKERS + 1
        lo = first + number * step
        for statement in _LIMIT.format(lo=lo, hi=lo + step - 1).split(";"):
            cursor.execute(statement)


def _together(
    database: BenchDatabase,
    work: Work,
    hour: datetime,
) -> Spent:
    """Run the workers at once; the sum of their backends' CPU and the wall time."""
    barrier, spent = _fork.Barrier(WORKERS + 1), _fork.Queue()
    url = database.owner_url if work is _write_limit else database.app_url
    workers = [
        _fork.Process(
            target=_worker, args=(url, database, work, number, hour, barrier, spent)
        )
        for number in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    barrier.wait(timeout=60)
    begun = time.perf_counter()
    for worker in workers:
        worker.join()
    wall = time.perf_counter() - begun
    assert all(worker.exitcode == 0 for worker in workers), "a worker failed"
    parts = [spent.get(timeout=10) for _ in workers]
    known = [part for part in parts if part is not None]
    return (sum(known) if len(known) == len(parts) else None), wall


def _worker(
    url: str,
    database: BenchDatabase,
    work: Work,
    number: int,
    hour: datetime,
    barrier: ProcessBarrier,
    spent: "Queue[float | None]",
) -> None:
    from django.db import connection

    lanes.connect_django(url)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    before = backend_cpu_s(pid)
    barrier.wait(timeout=60)
    work(database, number, hour)
    after = backend_cpu_s(pid)
    spent.put(None if before is None or after is None else after - before)


def _books_hold(database: BenchDatabase, resources: int, hours: int) -> bool:
    """Every subscription charged for every hour, and deducted as charged."""
    with database.connect() as connection:
        charged = connection.execute(
            "SELECT count(*), sum(amount) FROM billing_charge"
        ).fetchone()
        taken = connection.execute(
            "SELECT sum(amount) FROM funds_transaction WHERE kind = 31"
        ).fetchone()
        left = connection.execute(
            "SELECT sum(%s::numeric - balance) FROM funds_potbalance b JOIN funds_pot p"
            " ON p.id = b.pot_id WHERE p.kind = 1",
            [seed.START],
        ).fetchone()
    assert charged is not None
    assert taken is not None
    assert left is not None
    return bool(charged[0] == resources * hours and charged[1] == taken[0] == left[0])


def _execute(database: BenchDatabase, script: str) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        for statement in script.split(";"):
            connection.execute(statement)


def _report(
    resources: int,
    fund_accounts: int,
    runs: list[Spent],
    limits: list[Spent],
    books_ok: bool,
) -> dict[str, Any]:
    run, limit = _median(runs), _median(limits)
    ratio = None
    if run["cpu_s"] is not None and limit["cpu_s"]:
        ratio = round(run["cpu_s"] / limit["cpu_s"], 2)
    return {
        "resources": resources,
        "fund_accounts": fund_accounts,
        "guards": True,
        "workers": WORKERS,
        "repeats": len(runs),
        "limit": limit,
        "run": run,
        "cpu_ratio_to_limit": ratio,
        "charges_per_s": round(resources / run["wall_s"]) if run["wall_s"] else None,
        "books_ok": books_ok,
    }


def _median(spent: list[Spent]) -> dict[str, float | None]:
    cpu = [one for one, _ in spent if one is not None]
    return {
        "cpu_s": round(statistics.median(cpu), 3) if len(cpu) == len(spent) else None,
        "wall_s": round(statistics.median(wall for _, wall in spent), 3),
    }
