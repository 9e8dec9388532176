"""Every page a person can reach by links, looked at by axe in every dress."""

from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.browser import axe
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

LINKS = """() => [...document.querySelectorAll("a[href]:not([download])")]
  .filter((link) => link.origin === location.origin)
  .map((link) => link.pathname + link.search)"""
# Public pages nobody links to from inside.
SIGNED_OUT = ("/accounts/login/", "/accounts/password/reset/", "/portal/nobody/")


# What one person's window has shown need not be looked at again through another's, except
# in the long run: most pages differ by a row or a button.
_seen: set[str] = set()
PEOPLE = (
    "platform@demo.test",
    "tenant-admin@demo.test",
    "owner@demo.test",
    "member@demo.test",
    "viewer@demo.test",
)


@pytest.mark.parametrize("email", PEOPLE)
def test_no_page_in_reach_has_faults(
    visit: Visit, email: str, request: pytest.FixtureRequest
) -> None:
    is_deep = request.config.getoption("--deep")
    dresses = axe.EVERY_DRESS if is_deep else axe.PAIRWISE
    visitor = visit(email)
    pages = _pages_in_reach(visitor)
    paths = [path for name, path in pages.items() if is_deep or name not in _seen]
    _seen.update(pages)

    faults = {}
    for language in ("en", "ar"):
        visitor.choose_language(language)
        for path in paths:
            visitor.open(path)
            for dress in dresses:
                if dress.language == language and (found := visitor.faults(dress)):
                    faults[f"{path} {dress}"] = found

    assert faults == {}


@pytest.mark.parametrize("path", SIGNED_OUT)
def test_no_page_before_signing_in_has_faults(visit: Visit, path: str) -> None:
    visitor = visit()
    visitor.open(path)

    faults = [visitor.faults(dress) for dress in axe.EVERY_DRESS[:4]]

    assert faults == [[], [], [], []]


def _pages_in_reach(visitor: Visitor) -> dict[str, str]:
    """Follow links from the start page; one address for each view is enough."""
    found: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop(0)
        visitor.open(path)
        here = urlsplit(visitor.page.url).path
        found.setdefault(_view_of(here), here)
        for link in visitor.page.evaluate(LINKS):
            name = _view_of(urlsplit(link).path)
            if name and name not in found:
                found[name] = link
                waiting.append(link)
    return {name: path for name, path in found.items() if name}


def _view_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""
