"""docs/operations.md says everything it promises to say, and nothing that is not so."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cmp.lib import gauges

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "ops" / "alarms.yml").read_text())["groups"]
    for rule in group["rules"]
]


def variables_read() -> set[str]:
    """Every variable that settings, entry scripts, image and compose file read."""
    settings = (ROOT / "cmp" / "settings.py").read_text()
    gunicorn = (ROOT / "ops" / "gunicorn.conf.py").read_text()
    workers = (ROOT / "cmp" / "workers.py").read_text()
    compose = (ROOT / "docker-compose.yml").read_text()
    return {
        *re.findall(r"env\.\w+\(\s*[\"'](\w+)", settings),
        *re.findall(r'environ\.get\("(\w+)"', gunicorn + workers),
        *re.findall(r"\$\{(\w+)", compose),
    }


def rows_under(heading: str) -> set[str]:
    """What stands in the first column of the table under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_variable_is_in_the_table_and_every_row_is_read() -> None:
    assert rows_under("Settings") == variables_read()


def test_every_alarm_is_explained() -> None:
    assert rows_under("Alarms") == {rule["alert"] for rule in RULES}


def test_every_alarm_looks_at_a_figure_that_exists() -> None:
    figures = {gauge.name for gauge in gauges.declared()} | {"cmp_gauges_failed"}
    looked_at = set(re.findall(r"\bcmp_\w+", str([rule["expr"] for rule in RULES])))

    assert looked_at <= figures
    # Counted for context only; no alarm of their own.
    assert figures - looked_at == {
        "cmp_job_last_lag_s",
        "cmp_orders_processing",
        "cmp_recharges_unresolved",
        "cmp_inbox_backlog",
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alarm_says_how_urgent_it_is(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}


@pytest.mark.parametrize("file", sorted(set(re.findall(r"`(ops/[\w./]+)`", PAGE))))
def test_every_file_that_is_named_exists(file: str) -> None:
    assert (ROOT / file).exists()
