"""Gauges: one figure each about what is due or wrong, read from rows when asked."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from django.apps import apps
from django.db import connection, transaction

OVERDUE: Final = "_overdue_s"


@dataclass(frozen=True)
class Gauge:
    """A figure for operators; `sql` returns one number, NULL meaning nothing to measure.

    With `label`, `sql` returns any number of rows: the label's value and the number. A
    name that ends in `_overdue_s` counts for `oldest_due_s` of the health page.
    """

    name: str
    meaning: str
    sql: str
    label: str = ""


def declared() -> list[Gauge]:
    """Every gauge of the installed apps: `GAUGES` in `<app>/gauges.py`."""
    modules = (f"{config.name}.gauges" for config in apps.get_app_configs())
    found = (import_module(module) for module in modules if find_spec(module))
    return [gauge for module in found for gauge in getattr(module, "GAUGES", ())]


def read(gauge: Gauge) -> list[tuple[str, float]]:
    """The gauge's values now, each with its label. Raises `DatabaseError`.

    In a transaction of its own, so that one gauge that fails spoils no other.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(gauge.sql)
        rows = cursor.fetchall()
    if gauge.label:
        return [(str(label), float(value or 0)) for label, value in rows]
    return [("", float(rows[0][0] or 0) if rows else 0.0)]
