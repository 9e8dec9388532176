"""Pages made by `./dev docs` say what the product says today."""

import re
from pathlib import Path

import pytest

from tools.docs import requirements
from tools.docs.__main__ import ROOT, stale

DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
OUR_PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_generated_pages_are_up_to_date() -> None:
    behind = [path.relative_to(ROOT) for path in stale()]

    assert behind == [], "run ./dev docs and commit these pages"


def test_tests_name_no_requirement_that_is_not_listed() -> None:
    assert requirements.unknown(ROOT) == {}


def test_the_list_of_requirements_is_whole() -> None:
    listed = requirements.listed(ROOT)

    assert len({each.id for each in listed}) == len(listed) == 248
    assert [sum(r.priority == p for r in listed) for p in (1, 2, 3)] == [177, 53, 18]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_states_rule_reason_and_scope_on_one_page(path: Path) -> None:
    text = path.read_text()

    assert len(text.split()) < 300
    assert all(f"**{part}.**" in text for part in ("Rule", "Reason", "Scope"))


def test_decisions_are_numbered_without_holes() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]

    assert numbers == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", OUR_PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())

    assert [t for t in targets if not (page.parent / t).exists()] == []
