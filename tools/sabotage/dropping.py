"""How a guard is taken out of a database."""

import re

import psycopg
from psycopg import sql

from tests.census.guards import Guard


class NotDropped(Exception):
    """The guard stands as before, so a test that passes would prove nothing."""


def drop(connection: psycopg.Connection, guard: Guard) -> None:
    """Take the guard out; raises `NotDropped` if that changed nothing."""
    if guard.kind == "rule":
        _silence(connection, guard)
        return
    names = {"table": sql.Identifier(guard.table), "name": sql.Identifier(guard.name)}
    statement = "ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE"
    if guard.kind == "trigger":
        statement = "DROP TRIGGER {name} ON {table}"
    elif guard.kind == "unique index":
        statement = "DROP INDEX {name}"
    connection.execute(sql.SQL(statement).format(**names))


def _silence(connection: psycopg.Connection, guard: Guard) -> None:
    """Let the function go on where it would have raised this rule."""
    row = connection.execute(
        "SELECT pg_get_functiondef(%s::regprocedure)", [guard.function]
    ).fetchone()
    assert row
    (source,) = row
    raising = rf"RAISE EXCEPTION [^;]*CONSTRAINT\s*=\s*'{guard.name}'\s*;"
    silent, count = re.subn(raising, "NULL;", source)
    if not count:
        raise NotDropped(f"{guard.function} raises {guard.name} in an unknown way")
    connection.execute(silent)
