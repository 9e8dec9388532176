"""Fixtures of the browser tests: one Chromium and one site for the whole session."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState, ViewportSize, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.browser.site import Site, running
from tests.browser.visitor import Visitor
from tests.databases import clone

Visit = Callable[..., Visitor]
_HAS_FAILED = pytest.StashKey[bool]()
# Without these a browser talks to its maker, and tests have no network.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let `visit` know that its test failed, so that it keeps what the windows showed."""
    report = yield
    if report.when == "call":
        item.stash[_HAS_FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A Chromium found on this machine; without one the tests are skipped, or fail."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "no chromium on the PATH (Debian, Ubuntu: apt-get install chromium)"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"REQUIRE_BROWSER=1, but {reason}")
        pytest.skip(reason)
    # Playwright leaves a running loop in this thread, at which Django's ORM takes fright.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    flags = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(
    chromium: Browser,
    template_name: str,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """The site under test; behind `chromium`, so that nothing starts without one."""
    folder = tmp_path_factory.mktemp("site")
    with (
        django_db_blocker.unblock(),
        clone(template_name) as database,
        running(database, folder) as started,
    ):
        yield started


@pytest.fixture
def visit(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Open a window, signed in as somebody or not; no complaint of the browser passes."""
    opened: list[Visitor] = []

    def start(email: str = "", **options: Any) -> Visitor:
        state = _signed_in(chromium, site, email) if email else None
        options.setdefault("viewport", ViewportSize(width=1280, height=800))
        context = chromium.new_context(storage_state=state, **options)
        opened.append(Visitor(site, context))
        return opened[-1]

    yield start
    complaints = [text for visitor in opened for text in visitor.complaints]
    for number, visitor in enumerate(opened, start=1):
        if request.node.stash.get(_HAS_FAILED, False):
            visitor.keep_evidence(f"{request.node.name}-{number}")
        visitor.context.close()
    assert not complaints, "\n".join(complaints)


_sessions: dict[tuple[str, str], StorageState] = {}


def _signed_in(chromium: Browser, site: Site, email: str) -> StorageState:
    """Sign in once per person and session; sign-ins are counted against a limit."""
    if (site.url, email) not in _sessions:
        context = chromium.new_context()
        Visitor(site, context).sign_in(email)
        _sessions[site.url, email] = context.storage_state()
        context.close()
    return _sessions[site.url, email]
