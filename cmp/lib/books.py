"""Checks of the books: queries that return a row for everything that is wrong.

Each app lists its own in `checks.py` as `BOOK_CHECKS`; the `audit_books` command runs
them all. A check reads in one statement, so it sees one moment of a busy system.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

BREACHES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class BookCheck:
    """Something that must hold, as the true sentence, and the SQL that finds breaches."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found; `breaches` are the first few rows, as text."""

    name: str
    count: int
    seconds: float
    breaches: list[list[str]]

    @property
    def ok(self) -> bool:
        return self.count == 0

    def as_json(self) -> dict[str, Any]:
        """The shape that `audit_books --json` promises."""
        return {
            "name": self.name,
            "ok": self.ok,
            "count": self.count,
            "seconds": round(self.seconds, 3),
            "breaches": self.breaches,
        }


def run(checks: Iterable[BookCheck]) -> list[Outcome]:
    """Run the checks one after the other; they read and never write."""
    return [_run_one(check) for check in checks]


def _run_one(check: BookCheck) -> Outcome:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(check.sql)
        rows = cursor.fetchall()
    shown = [[str(value) for value in row] for row in rows[:BREACHES_SHOWN]]
    return Outcome(check.name, len(rows), time.perf_counter() - started, shown)
