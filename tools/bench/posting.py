"""How fast one fund account is posted to: guards on, through Django, against the limit.

The limit is what this server does with the same writes and nothing else: pgbench, prepared,
five statements in a transaction (begin, lock, update, insert, commit) on an unguarded
table with the same indexes. Lanes are interleaved; medians are compared.
"""

import multiprocessing
import os
import statistics
import time
from decimal import Decimal
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier as ProcessBarrier
from random import Random
from typing import Any

from tools.bench import lanes, seed
from tools.bench.database import BenchDatabase, fresh_database, pgbench

ACCOUNTS = 10_000
_fork = multiprocessing.get_context("fork")

_UNGUARDED = """
CREATE TABLE bench_balance (LIKE funds_potbalance INCLUDING ALL);
ALTER TABLE bench_balance SET (fillfactor = 50);
INSERT INTO bench_balance SELECT * FROM funds_potbalance;
CREATE TABLE bench_transaction (LIKE funds_transaction INCLUDING ALL);
GRANT SELECT, INSERT, UPDATE ON bench_balance, bench_transaction TO cmp_app;
VACUUM ANALYZE bench_balance;
"""

_LIMIT = r"""
\set pot random(1, {accounts})
BEGIN;
SELECT balance AS b, version AS v FROM bench_balance
 WHERE pot_id = {pot} FOR NO KEY UPDATE \gset
UPDATE bench_balance SET balance = balance - 1, version = version + 1 WHERE pot_id = {pot};
INSERT INTO bench_transaction (tenant_id, currency, source_id, target_id, amount, kind,
  occurred_at, key, reference, source_version, source_balance_after)
VALUES (1, 'USD', {pot}, 9, 1, 20, now(), gen_random_uuid()::text, 'order:1',
  :v::bigint + 1, :b::numeric - 1);
COMMIT;
"""


def measure(*, clients: int, hot: bool, seconds: int, repeats: int) -> dict[str, Any]:
    """Posting with all guards, as a share of the limit, with the ORM loop beside it."""
    with fresh_database() as database:
        # The first account also made the revenue pot, so its ids are off the grid.
        pots = seed.fund_accounts(database, ACCOUNTS + 1)[1:]
        with database.connect() as connection:
            for statement in filter(str.strip, _UNGUARDED.split(";")):
                connection.execute(statement)
        targets = pots[:1] if hot else pots
        script = _limit_script(targets)
        rates: dict[str, list[float]] = {"limit": [], "run": [], "orm_loop": []}
        for _ in range(repeats):
            rates["limit"].append(
                pgbench(database, script, clients=clients, seconds=seconds)
            )
            for lane in ("run", "orm_loop"):
                rates[lane].append(_posting_rate(database, lane, targets, clients, seconds))
        books_ok = _books_hold(database)
    return _report(rates, clients=clients, hot=hot, books_ok=books_ok)


def _limit_script(pots: list[int]) -> str:
    # Pots of one kind have every second id: map the random number onto them.
    pot = str(pots[0]) if len(pots) == 1 else f"({pots[0]} + 2 * (:pot - 1))"
    assert len(pots) == 1 or pots[1] - pots[0] == 2
    return _LIMIT.format(accounts=len(pots), pot=pot)


def _posting_rate(
    database: BenchDatabase, lane: str, pots: list[int], clients: int, seconds: int
) -> float:
    """Postings a second of `clients` processes, each with a connection of its own."""
    barrier, counts = _fork.Barrier(clients), _fork.Queue()
    workers = [
        _fork.Process(
            target=_post_until,
            args=(database.app_url, lane, pots, seconds, number, barrier, counts),
        )
        for number in range(clients)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(worker.exitcode == 0 for worker in workers), "a client failed"
    results = [counts.get(timeout=10) for _ in workers]
    total: float = sum(count for count, _ in results)
    longest: float = max(spent for _, spent in results)
    return total / longest


def _post_until(
    url: str,
    lane: str,
    pots: list[int],
    seconds: int,
    number: int,
    barrier: ProcessBarrier,
    counts: "Queue[tuple[int, float]]",
) -> None:
    lanes.connect_django(url)
    post = lanes.LANES[lane]()
    random, amount = Random(number), Decimal(1)  # noqa: S311 – spreads load, keeps no secret
    for warm_up in range(20):
        post(random.choice(pots), amount, f"warm:{os.getpid()}:{warm_up}:{time.time_ns()}")
    barrier.wait(timeout=60)
    begun = time.perf_counter()
    count = 0
    while time.perf_counter() - begun < seconds:
        post(random.choice(pots), amount, f"bench:{os.getpid()}:{time.time_ns()}")
        count += 1
    counts.put((count, time.perf_counter() - begun))


def _books_hold(database: BenchDatabase) -> bool:
    """Whether each balance is the sum of its transactions, and each version their count."""
    with database.connect() as connection:
        wrong = connection.execute(
            """
            SELECT count(*) FROM funds_potbalance b
              JOIN funds_pot p ON p.id = b.pot_id AND p.kind = 1
              LEFT JOIN (
                SELECT pot, sum(amount) AS balance, count(*) AS version FROM (
                  SELECT target_id AS pot, amount FROM funds_transaction
                  UNION ALL SELECT source_id, -amount FROM funds_transaction) l
                GROUP BY pot) s ON s.pot = b.pot_id
             WHERE (b.balance, b.version) IS DISTINCT FROM (s.balance, s.version)
            """
        ).fetchone()
    return wrong == (0,)


def _report(
    rates: dict[str, list[float]], *, clients: int, hot: bool, books_ok: bool
) -> dict[str, Any]:
    median = {lane: statistics.median(values) for lane, values in rates.items()}
    return {
        "clients": clients,
        "hot": hot,
        "guards": True,
        "repeats": len(rates["run"]),
        "limit": {"tps": round(median["limit"], 1)},
        "run": {"tps": round(median["run"], 1)},
        "orm_loop": {"tps": round(median["orm_loop"], 1)},
        "ratio_to_limit": round(median["run"] / median["limit"], 3),
        "times_orm_loop": round(median["run"] / median["orm_loop"], 2),
        "books_ok": books_ok,
    }
