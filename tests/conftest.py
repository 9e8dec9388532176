"""What every test may ask for; the fixtures stand in `databases` and `cast`."""

import os

import pytest
from django.conf import settings
from django.core.cache import cache

from tests.cast import *  # noqa: F403 (fixtures are found by name)
from tests.databases import (  # noqa: F401
    committed_db,
    database,
    django_db_setup,
    owner_connection,
    superuser_connection,
    template_name,
    worker_database,
)

# Each worker process has its own Valkey database, or one would clear another's cache.
_NUMBER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="also the long proofs")


def pytest_configure(config: pytest.Config) -> None:
    location = settings.CACHES["default"]["LOCATION"].partition("?")[0]
    settings.CACHES["default"]["LOCATION"] = f"{location}?db={_NUMBER + 1}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--deep"):
        return
    deep = [item for item in items if item.get_closest_marker("deep")]
    config.hook.pytest_deselected(items=deep)
    items[:] = [item for item in items if item not in deep]


@pytest.fixture(autouse=True)
def fresh_cache(request: pytest.FixtureRequest) -> None:
    """Let no rate limit or cached value of one test reach the next."""
    if {"db", "database", "committed_db", "client"} & set(request.fixturenames):
        cache.clear()
