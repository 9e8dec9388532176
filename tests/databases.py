"""The databases of a test run: a template migrated once, and clones of it.

Ordinary tests share one clone per worker process as `cmp_app` and are rolled back. A test
that commits asks for `committed_db` and has a clone of its own, because our guards refuse
the truncating by which other test tools clean up.
"""

import fcntl
import itertools
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import environ
import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from psycopg import sql
from pytest_django import DjangoDbBlocker

Role = Literal["app", "owner", "superuser"]
ROOT = Path(__file__).resolve().parent.parent
# Workers of one run share it, so that they share the template.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", "") or secrets.token_hex(6)
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_numbers = itertools.count(1)


@dataclass
class Database:
    """A clone of the migrated template, and how each role reaches it."""

    name: str
    _opened: ExitStack = field(default_factory=ExitStack)

    @property
    def url_app(self) -> str:
        return _url("app", self.name)

    @property
    def url_owner(self) -> str:
        return _url("owner", self.name)

    def connect(self, role: Role = "app") -> psycopg.Connection:
        """Open a bare connection; it is closed with the test at the latest."""
        opened = psycopg.connect(_url(role, self.name))
        self._opened.callback(opened.close)
        return opened

    def close(self) -> None:
        self._opened.close()


@pytest.fixture(scope="session")
def template_name(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The template database, migrated by the first worker that comes."""
    name = f"cmp_test_{RUN[:12]}"
    folder = Path(tempfile.gettempdir())
    # Two locks: whoever uses the template must not hold up who only looks for it.
    with (
        (folder / f"{name}.making").open("w") as making,
        (folder / f"{name}.using").open("w") as using,
    ):
        fcntl.flock(making, fcntl.LOCK_EX)
        if not _exists(name):
            with django_db_blocker.unblock():
                make_template(name)
        fcntl.flock(using, fcntl.LOCK_SH)
        fcntl.flock(making, fcntl.LOCK_UN)
        yield name
        fcntl.flock(making, fcntl.LOCK_EX)
        if _is_last(using.fileno()):
            _drop(name)
            for lock in (making, using):
                Path(lock.name).unlink(missing_ok=True)


@pytest.fixture(scope="session")
def worker_database(
    template_name: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    """The clone that ordinary tests of this worker share."""
    with django_db_blocker.unblock(), clone(template_name) as database:
        yield database


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, worker_database: Database) -> None:
    """Take the place of Django's own test database."""
    point_django_at(worker_database.url_app)


@pytest.fixture
def committed_db(
    request: pytest.FixtureRequest,
    template_name: str,
    django_db_setup: None,
    worker_database: Database,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Database]:
    """A fresh clone to commit in; Django's default connection points to it meanwhile.

    Threads and processes may use it too; every connection ends with the test.
    """
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        pytest.fail("committed_db commits, django_db rolls back: a test uses one of them")
    with django_db_blocker.unblock(), clone(template_name) as database:
        point_django_at(database.url_app)
        try:
            yield database
        finally:
            point_django_at(worker_database.url_app)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> None:
    """Whichever database the test uses: its own clone, or the shared one by default."""
    name = "committed_db" if "committed_db" in request.fixturenames else "db"
    request.getfixturevalue(name)


@pytest.fixture
def owner_connection(worker_database: Database) -> Iterator[psycopg.Connection]:
    """A bare connection as cmp_owner to the shared clone; rolled back, so do not commit."""
    with _rolled_back(worker_database.connect("owner")) as connection:
        yield connection


@pytest.fixture
def superuser_connection(worker_database: Database) -> Iterator[psycopg.Connection]:
    """A bare connection as superuser to the shared clone; rolled back, so do not commit."""
    with _rolled_back(worker_database.connect("superuser")) as connection:
        yield connection


def make_template(name: str) -> None:
    """Make a migrated database of this name; it appears only once it is whole."""
    draft = f"{name}_draft"
    _on_server("CREATE DATABASE {} OWNER {}", draft, _role_name("owner"))
    with psycopg.connect(_url("owner", draft), autocommit=True) as connection:
        connection.execute((ROOT / "tools" / "grants.sql").read_bytes())
    point_django_at(_url("owner", draft))
    call_command("migrate", verbosity=0, interactive=False)
    connections["default"].close()
    _on_server("ALTER DATABASE {} RENAME TO {}", draft, name)


@contextmanager
def clone(template: str) -> Iterator[Database]:
    """Clone the template for the block; fixtures that outlive one test use it directly."""
    database = Database(f"{template}_{WORKER}_{next(_numbers)}")
    _on_server("CREATE DATABASE {} TEMPLATE {}", database.name, template)
    # A right on the database itself is not copied with it.
    _on_server("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC", database.name)
    try:
        yield database
    finally:
        connections["default"].close()
        database.close()
        _drop(database.name)


@contextmanager
def _rolled_back(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    try:
        yield connection
    finally:
        connection.rollback()
        connection.close()


def forget_connections() -> None:
    """Start a forked child with connections of its own; first thing the child does.

    `connections.close_all()` in the parent is not enough: while a browser's event loop runs
    there, Django keeps another set of connections, and the child, where no loop runs, finds
    the older set, open on the parent's socket to the shared database.
    """
    for inherited in connections.all(initialized_only=True):
        del connections[inherited.alias]


def point_django_at(url: str) -> None:
    """Repoint the default connection of every thread; they share these settings."""
    connections["default"].close()
    parsed = environ.Env.db_url_config(url)
    settings = connections["default"].settings_dict
    for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT"):
        settings[key] = parsed[key]
    settings["OPTIONS"] = {**settings["OPTIONS"], **parsed.get("OPTIONS", {})}


def _url(role: Role, name: str) -> str:
    url = _role_url(role)
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _role_url(role: Role) -> str:
    app = os.environ["DATABASE_URL"]
    if role == "app":
        return app
    if role == "owner":
        return os.environ.get("DATABASE_OWNER_URL", app)
    if "DATABASE_SUPERUSER_URL" not in os.environ:
        pytest.skip("needs DATABASE_SUPERUSER_URL, which this server was not given with")
    return os.environ["DATABASE_SUPERUSER_URL"]


def _role_name(role: Role) -> str:
    return urlsplit(_role_url(role)).username or ""


def _on_server(statement: str, *names: str) -> None:
    """Run a statement about databases, which takes names and no transaction."""
    composed = sql.SQL(statement).format(*map(sql.Identifier, names))
    with psycopg.connect(_url("owner", "postgres"), autocommit=True) as connection:
        connection.execute(composed)


def _exists(name: str) -> bool:
    with psycopg.connect(_url("owner", "postgres"), autocommit=True) as connection:
        row = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        return row.fetchone() is not None


def _drop(name: str) -> None:
    """Drop a database, ending the connections of threads and processes to it."""
    # Only a superuser may end the connections of another role.
    role: Role = "superuser" if "DATABASE_SUPERUSER_URL" in os.environ else "owner"
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
        sql.Identifier(name)
    )
    with psycopg.connect(_url(role, "postgres"), autocommit=True) as connection:
        connection.execute(statement)


def _is_last(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
