"""Every URL × everybody × own, other and no tenant × every method, from the URL resolver.

TEN-01: no request of one tenant reads or changes another's. TEN-09: rights are granted
separately. TOG-21: only permitted admins reach the features. Expectations are computed
from each view's permission and the tables of `accounts/access.py`.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.access.knocking import complaints, samples_of
from tests.access.personas import PERSONAS
from tests.access.stage import Stage, set_stage
from tools.docs.urls import Url, every_url, is_of_allauth

OURS = [url for url in every_url() if not is_of_allauth(url)]
GUARDED = [url for url in OURS if not url.permission.startswith("public: ")]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Refusals are what is asked for here; ten thousand warnings would take seconds."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def stage(db: None) -> Stage:
    return set_stage()


def test_every_view_names_its_permission_and_methods() -> None:
    silent = [url.path for url in OURS if not url.permission or not url.methods]

    assert silent == [], "decorate with user_view, admin_view or public_view, and require_…"


@pytest.mark.parametrize("url", GUARDED, ids=lambda url: url.name)
def test_everybody_gets_what_the_tables_say(
    url: Url, stage: Stage, pytestconfig: pytest.Config
) -> None:
    samples = samples_of(url, stage)
    deep = pytestconfig.getoption("--deep")

    wrong = [
        text
        for persona in PERSONAS.values()
        for text in complaints(url, persona, stage, samples, deep=deep)
    ]

    assert wrong == [], "\n" + "\n".join(wrong)
