"""Which tests name a guard: those that must turn red when it is gone."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

# They name guards, too, but do not attack them.
COUNTING = {"test_census.py", "test_sabotage.py"}


def tests_by_name(root: Path) -> dict[str, set[str]]:
    """Pytest arguments by every string that stands by itself in the tests.

    A string within a test points at that test; elsewhere in a test file at the file; in
    another module, such as a list of attacks, at the test files that import it.
    """
    found: dict[str, set[str]] = defaultdict(set)
    importers = _importers(root)
    for path in sorted((root / "tests").rglob("*.py")):
        where = path.relative_to(root).as_posix()
        if path.name in COUNTING:
            continue
        for test, text in _strings(ast.parse(path.read_text())):
            if not path.name.startswith("test_"):
                found[text] |= importers[where[:-3].replace("/", ".")]
            else:
                found[text].add(f"{where}::{test}" if test else where)
    return found


def _importers(root: Path) -> dict[str, set[str]]:
    """The test files that import each module of the tests."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (root / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
                for name in names:
                    found[name].add(path.relative_to(root).as_posix())
    return found


def _strings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(the test it stands in or "", the string)."""
    for node in tree.body:
        is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        name = node.name if is_test and isinstance(node, ast.FunctionDef) else ""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                yield name, inner.value
