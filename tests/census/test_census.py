"""Every guard of the money tables is attacked by a test that names it.

SET-05 and FND-07 hold in the database or nowhere. The convention: an attack runs raw
SQL and names the constraint, trigger or rule that must refuse it, as a string of its own.
Single foreign keys, whose names Django makes up, are attacked in `test_foreign_keys`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.census.guards import standing
from tests.databases import Database

TESTS = Path(__file__).parents[1]
# Guards that another one always forestalls, and which: they cannot be attacked by name.
SECOND_LINES = {
    "resources_instance_vcpu_check": "instance_has_a_size_we_build",
    "resources_instance_memory_gib_check": "instance_has_a_size_we_build",
    "resources_instance_disk_gib_check": "instance_has_a_size_we_build",
}


def named_in_tests() -> set[str]:
    """Every string that stands by itself somewhere in the tests."""
    return {text for path in TESTS.rglob("*.py") for text in _strings(path)}


def _strings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_guard_has_an_attack_that_names_it(worker_database: Database) -> None:
    named = named_in_tests()
    with worker_database.connect("owner") as connection:
        guards = standing(connection)

    bare = [
        str(guard)
        for guard in guards
        if SECOND_LINES.get(guard.name, guard.name) not in named
        and not (guard.kind == "foreign key" and guard.columns == 1)
    ]

    assert len(guards) > 100
    assert bare == [], "attack these by raw SQL and name them:\n" + "\n".join(bare)
