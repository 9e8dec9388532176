"""Objects are fetched by queries and access functions only, never by a view itself.

TEN-01: a view, form or template tag that reaches for a model's rows would decide by itself
whose rows those are. `queries.py`, `access.py` and actions are the places that do.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[2]
APPS = sorted(path.parent for path in ROOT.glob("*/apps.py"))
# Health asks whether the database answers, not for rows.
ALLOWED: Final = {"cmp/health.py"}
ROW_SOURCES: Final = {"objects", "_default_manager", "_base_manager"}
SHORTCUTS: Final = {"get_object_or_404", "get_list_or_404"}


def interface_files() -> list[Path]:
    """Views, forms, template tags, and what both portals share."""
    found = [
        path
        for app in [*APPS, ROOT / "cmp", ROOT / "cmp" / "lib"]
        for pattern in ("views/*.py", "views.py", "forms.py", "forms/*.py")
        for path in app.glob(pattern)
    ]
    found += ROOT.glob("*/**/templatetags/*.py")
    found += [ROOT / "cmp" / name for name in ("portals.py", "urls.py", "health.py")]
    return sorted({p for p in found if p.exists() and ".venv" not in p.parts})


def reaches(source: str) -> Iterator[str]:
    """Where the source reaches for rows by itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ROW_SOURCES:
            yield f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Attribute) and node.attr.endswith("_set"):
            yield f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Call) and _is_shortcut_of_a_model(node):
            yield f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Attribute) and node.attr == "cursor":
            yield f"line {node.lineno}: {ast.unparse(node)}"


def _is_shortcut_of_a_model(call: ast.Call) -> bool:
    """`get_object_or_404(Order, …)` asks a model; with a query function it may be used."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    return name in SHORTCUTS and isinstance(call.args[0], ast.Name)


def test_views_forms_and_tags_fetch_through_queries() -> None:
    wrong = {
        path.relative_to(ROOT).as_posix(): found
        for path in interface_files()
        if (found := list(reaches(path.read_text())))
    }

    assert {name: found for name, found in wrong.items() if name not in ALLOWED} == {}


@pytest.mark.parametrize(
    "source",
    [
        "Order.objects.get(pk=1)",
        "get_object_or_404(Order, pk=1)",
        "Order._default_manager.all()",
        "tenant.order_set.all()",
        "connection.cursor()",
    ],
)
def test_reaching_for_rows_is_found(source: str) -> None:
    assert list(reaches(source))


def test_a_query_function_may_be_asked() -> None:
    assert list(reaches("get_object_or_404(queries.orders_of(tenant), pk=1)")) == []
