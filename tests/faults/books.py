"""The books after a fault: the checks that the apps themselves declare."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps

from cmp.lib import books
from cmp.lib.books import BookCheck


def breaches(*only: str) -> list[dict[str, Any]]:
    """What the book checks find; of all apps, or of those named.

    A test that puts money in by the ledger alone names `funds`, because the apps above
    miss the recharge or order behind it, and rightly so.
    """
    outcomes = books.run(_checks(only or [app.name for app in apps.get_app_configs()]))
    return [outcome.as_json() for outcome in outcomes if not outcome.ok]


def _checks(names: list[str] | tuple[str, ...]) -> list[BookCheck]:
    modules = [f"{name}.checks" for name in names if find_spec(f"{name}.checks")]
    return [
        check
        for name in modules
        for check in getattr(import_module(name), "BOOK_CHECKS", [])
    ]
