"""F57, F61, F71: text that people type is shown as text and asked for as a value."""

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import BusinessGroup, Membership, Tenant, User
from tests.factories.accounts import BusinessGroupFactory, MembershipFactory, TenantFactory
from tests.security.walk import addresses

MARKUP = (
    "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{ 7|add:7 }}${7*7}\u202e"
)
QUERIES = [
    MARKUP,
    "' OR 1=1 --",
    "'; DROP TABLE accounts_user; --",
    "\\",
    "%",
    "%00",
    "a\x00b",
    "(" * 500,
    "9" * 400,
    "-1",
    "NaN",
    "2026-13-45",
    "٣",
    "\ud7ff\U0010ffff",
]
NAMES = (
    *("q", "search", "sort", "after", "before", "page", "size", "state", "kind", "tenant"),
    *(
        "from_day",
        "to_day",
        "currency",
        "account",
        "amount",
        "return_to",
        "group",
        "export",
    ),
)


@pytest.fixture
def hostile_tenant(sam: User) -> Tenant:
    """A tenant, a group and a person named by somebody who means harm."""
    tenant = TenantFactory.create(name=MARKUP[:120], slug="acme")
    group: BusinessGroup = BusinessGroupFactory.create(tenant=tenant, name=MARKUP[:120])
    membership = MembershipFactory.create(
        tenant=tenant,
        user__name=MARKUP[:120],
        user__email="h@x.test",
        role=Membership.Role.TENANT_ADMIN,
    )
    membership.groups.add(group)
    MembershipFactory.create(tenant=tenant, user=sam, role=Membership.Role.TENANT_ADMIN)
    return tenant


@pytest.fixture
def browser(client: Client, sam: User) -> Client:
    client.force_login(sam)
    client.raise_request_exception = False
    return client


def pages(browser: Client, data: dict[str, str]) -> Iterator[tuple[str, HttpResponse]]:
    for address in addresses():
        if address.route in {"accounts/logout/"}:
            continue
        yield address.route, browser.get(address.path, data)  # type: ignore[misc]


def text_of(answer: HttpResponse) -> str:
    if answer.streaming or not answer.headers.get("Content-Type", "").startswith(
        "text/html"
    ):
        return ""
    return answer.content.decode()


def test_names_are_shown_as_text_on_every_page(
    browser: Client, hostile_tenant: Tenant
) -> None:
    """F57: no page repeats markup that somebody put into a name."""
    seen = {route: text_of(answer) for route, answer in pages(browser, {})}

    assert [r for r, text in seen.items() if "<script>alert" in text] == []
    assert [r for r, text in seen.items() if "<img src=x" in text] == []
    # The other half: some pages do show these names.
    showing = [r for r, text in seen.items() if "&lt;script&gt;alert" in text]
    assert len(showing) >= 5


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_whatever_is_asked_for_is_a_value(
    browser: Client, hostile_tenant: Tenant, query: str
) -> None:
    """F61: no question breaks a page, and none is repeated as markup."""
    answers = list(pages(browser, dict.fromkeys(NAMES, query)))

    assert [route for route, answer in answers if answer.status_code >= 500] == []
    shown = [route for route, answer in answers if "<script>alert" in text_of(answer)]
    assert shown == []
    assert User.objects.exists()
