"""F05: a release stops web and worker; what is under way is finished, nothing is lost."""

import json
import threading
from pathlib import Path

import psycopg

from cmp.lib.jobs.models import JobRun
from tests.databases import Database
from tests.production.conftest import Start
from tests.production.served import Answer, Program, Web, eventually, log_in
from tests.production.slow_task import LOCK, wait_and_record

WORKER = ("celery", "-A", "cmp", "worker", "--concurrency", "1", "--include")
PATIENT = {"DB_LOCK_TIMEOUT": "60s", "DB_STATEMENT_TIMEOUT": "60s"}


def somebody_waits(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE NOT l.granted AND d.datname = current_database()"
    ).fetchone()
    return row is not None and row[0] > 0


def test_web_finishes_the_page_under_way(
    start: Start,
    production: dict[str, str],
    committed_db: Database,
    alice_email: str,
) -> None:
    """TERM while a page waits for the database: the page comes whole, then 0."""
    program = start(
        "web", "gunicorn", "--config", "ops/gunicorn.conf.py", "cmp.wsgi", **PATIENT
    )
    web = Web(program, production["BIND"], "billing.example.com")
    web.await_ready()
    browser = web.browser()
    log_in(browser, alice_email)
    holder, watcher = committed_db.connect("owner"), committed_db.connect("owner")
    holder.execute("LOCK TABLE accounts_user IN ACCESS EXCLUSIVE MODE")
    answers: list[Answer] = []
    asking = threading.Thread(
        target=lambda: answers.append(browser.get("/accounts/security/"))
    )
    asking.start()
    eventually(lambda: somebody_waits(watcher), "the page waits for the lock")

    program.terminate()
    program.await_line("Handling signal: term")
    holder.rollback()
    asking.join()

    assert program.status() == 0
    assert [answer.status for answer in answers] == [200]
    assert "</html>" in answers[0].text


def test_a_worker_finishes_its_task_and_leaves_the_next(
    start: Start, production: dict[str, str], committed_db: Database, tmp_path: Path
) -> None:
    """TERM while a task waits: it ends well, the one behind it waits for a worker."""
    holder, watcher = committed_db.connect("owner"), committed_db.connect("owner")
    holder.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    send(1, production["REDIS_URL"])
    send(2, production["REDIS_URL"])
    alive_file = tmp_path / "alive"
    first = begin_worker(start, ALIVE_FILE=str(alive_file))
    eventually(lambda: somebody_waits(watcher), "the first task waits for the lock")

    first.terminate()
    first.await_line("Warm shutdown")
    holder.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    holder.commit()

    assert first.status() == 0
    assert states() == {"slow-1": "FINISHED"}
    assert alive_file.exists()
    assert ended(first) == {"SUCCESS"}
    second = begin_worker(start)
    eventually(lambda: states().get("slow-2") == "FINISHED", "the second task is done")
    second.terminate()
    assert second.status() == 0


def send(number: int, redis_url: str) -> None:
    """Ask for the task at the broker that the worker under test listens to."""
    url = redis_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    with wait_and_record.app.connection_for_write(url) as line:
        wait_and_record.apply_async(kwargs={"number": number}, connection=line)


def begin_worker(start: Start, **extra: str) -> Program:
    return start("worker", *WORKER, "tests.production.slow_task", **PATIENT, **extra)


def ended(worker: Program) -> set[str]:
    """How its tasks ended, by the lines it logged; each carries an id of its cause."""
    lines = [json.loads(line) for line in worker.written.splitlines() if line[:1] == "{"]
    finished = [line for line in lines if line["event"] == "task.finished"]
    assert all(line["request_id"] for line in finished)
    return {line["state"] for line in finished}


def states() -> dict[str, str]:
    return dict(JobRun.objects.values_list("job", "state"))


def test_beat_shows_that_it_goes_on_and_stops(start: Start, tmp_path: Path) -> None:
    """Its schedule is a file; the sign of life is another, touched at every tick."""
    alive_file, schedule = tmp_path / "alive", tmp_path / "schedule"
    beat = start(
        "beat",
        *("celery", "-A", "cmp", "beat", "--schedule", str(schedule), "--pidfile", ""),
        ALIVE_FILE=str(alive_file),
    )

    eventually(alive_file.exists, "beat shows life")
    beat.terminate()

    assert beat.status() == 0
