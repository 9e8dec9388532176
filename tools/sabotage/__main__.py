"""`./dev sabotage`: drop each guard in a clone and demand that a test turns red.

Prints a table; exit status 1 when a guard can go unnoticed. Words limit it to guards whose
table or name contains one of them.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import django

if TYPE_CHECKING:
    from tests.census.guards import Guard

ROOT: Final = Path(__file__).resolve().parents[2]
AT_ONCE: Final = 2
RUN_S_MAX: Final = 120
# A test run takes the database named like this and the run as its template.
PREFIX: Final = "cmp_test_"
TEMPLATE: Final = f"{PREFIX}s"
# What pytest's exit status says once the guard is gone; 5 is that no test was found.
GREEN, RED = "UNNOTICED", "noticed"
VERDICTS: Final = {0: GREEN, 1: RED, 5: GREEN}


class Trial(NamedTuple):
    """What happened without a guard."""

    guard: str
    verdict: str
    tests: Sequence[str]
    seconds: float

    def __str__(self) -> str:
        by = ", ".join(self.tests) or "no test names it"
        return f"{self.verdict:10}{self.seconds:5.1f} s  {self.guard}  <- {by}"


def main(words: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cmp.settings")
    django.setup()
    from tests.databases import make_template

    make_template(TEMPLATE)
    started = time.monotonic()
    planned = _planned(words)
    if not _is_green(sorted({test for _guard, tests in planned for test in tests})):
        print("The tests are red with every guard in place, so they would prove nothing.")
        return 2
    with ThreadPoolExecutor(AT_ONCE) as pool:
        trials = list(pool.map(_try, *zip(*planned, strict=True)))
    unnoticed = [trial for trial in trials if trial.verdict != RED]
    noticed = len(trials) - len(unnoticed)
    took = time.monotonic() - started
    print(f"\n{len(trials)} guards dropped, {noticed} noticed, {took:.0f} s")
    for trial in unnoticed:
        print(trial)
    return 1 if unnoticed else 0


def _planned(words: list[str]) -> list[tuple["Guard", list[str]]]:
    """The guards to drop, each with the tests that name it."""
    from tests.census.guards import standing
    from tests.census.test_census import SECOND_LINES
    from tests.databases import Database
    from tools.sabotage.naming import tests_by_name

    naming = tests_by_name(ROOT)
    with Database(TEMPLATE).connect("owner") as connection:
        guards = standing(connection)
    return [
        (guard, sorted(naming[guard.name]))
        for guard in guards
        if guard.name not in SECOND_LINES
        and not (guard.kind == "foreign key" and guard.columns == 1)
        and (not words or any(word in f"{guard.table} {guard.name}" for word in words))
    ]


def _is_green(tests: list[str]) -> bool:
    """Whether the tests pass on an untouched clone."""
    from tests.databases import clone

    with clone(TEMPLATE) as database:
        return _verdict(tests, database.name.removeprefix(PREFIX), RUN_S_MAX * 5) == GREEN


def _try(guard: "Guard", tests: list[str]) -> Trial:
    """Run the tests that name the guard against a database that lacks it."""
    from tests.databases import clone
    from tools.sabotage.dropping import NotDropped, drop

    started = time.monotonic()
    with clone(TEMPLATE) as database:
        try:
            with database.connect("owner") as owner:
                drop(owner, guard)
            verdict = _verdict(tests, database.name.removeprefix(PREFIX))
        except NotDropped as reason:
            verdict = f"NOT DROPPED: {reason}"
    trial = Trial(str(guard), verdict, tests, time.monotonic() - started)
    print(trial, flush=True)
    return trial


def _verdict(tests: list[str], run: str, patience_s: int = RUN_S_MAX) -> str:
    if not tests:
        return GREEN
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
            env={**os.environ, "PYTEST_XDIST_TESTRUNUID": run},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=patience_s,
        )
    except subprocess.TimeoutExpired:
        return RED
    if done.returncode not in VERDICTS:
        print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
    return VERDICTS.get(done.returncode, f"BROKEN ({done.returncode})")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
