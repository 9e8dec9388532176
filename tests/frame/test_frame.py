"""The frame of both portals: who sees which entries, where people start, how pages look."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Tenant, User
from cmp.frame import Frame
from cmp.lib.money import Money
from funds.models import FundAccount
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.funds import put_in


def _navigation(client: Client, url: str) -> dict[str, str]:
    """Label → address of the entries in the sidebar."""
    frame: Frame = client.get(url).context["frame"]
    return {str(link.label): link.url for part in frame.navigation for link in part.entries}


@pytest.mark.parametrize(
    ("persona", "present", "absent"),
    [
        ("bob", {"Dashboard"}, {"Fund accounts", "Recharge", "Transactions"}),
        ("tina", {"Fund accounts", "Transactions", "Recharges"}, {"Recharge"}),
        ("alice", {"Fund accounts", "Transactions", "Recharge"}, set()),
    ],
)
def test_the_user_portal_offers_what_the_viewer_may_open(
    request: pytest.FixtureRequest,
    client: Client,
    acme_account: FundAccount,
    persona: str,
    present: set[str],
    absent: set[str],
) -> None:
    """TEN-13: balance, recharge and history are reachable from the console."""
    client.force_login(request.getfixturevalue(persona))

    entries = _navigation(client, "/portal/acme/")

    assert present <= set(entries)
    assert not absent & set(entries)
    assert {client.get(url).status_code for url in entries.values()} == {200}


@pytest.mark.parametrize(
    ("persona", "present", "absent"),
    [
        ("sam", {"Tenants", "People", "Audit log", "Feature Configuration"}, set()),
        ("tina", {"People", "Business groups"}, {"Tenants", "Audit log", "Jobs"}),
    ],
)
def test_the_admin_portal_offers_what_the_viewer_may_open(
    request: pytest.FixtureRequest,
    client: Client,
    acme_account: FundAccount,
    persona: str,
    present: set[str],
    absent: set[str],
) -> None:
    client.force_login(request.getfixturevalue(persona))

    entries = _navigation(client, "/admin/")

    assert present <= set(entries)
    assert not absent & set(entries)
    assert {client.get(url).status_code for url in entries.values()} == {200}


@pytest.mark.parametrize("url", ["/admin/people/", "/admin/people/add/", "/admin/"])
def test_one_entry_is_marked_as_current(client: Client, tina: User, url: str) -> None:
    client.force_login(tina)

    html = client.get(url).content.decode()

    nav = html[html.index('class="c-nav"') : html.index("</nav>")]
    marked = re.findall(r'href="([^"]+)" aria-current="page"', nav)
    assert marked == ["/admin/" if url == "/admin/" else "/admin/people/"]


def test_the_balance_is_shown_to_those_who_may_see_it(
    client: Client, alice: User, bob: User, acme_account: FundAccount
) -> None:
    client.force_login(bob)
    assert b"c-balance" not in client.get("/portal/acme/").content

    client.force_login(alice)
    html = client.get("/portal/acme/").content.decode()
    assert (
        f'class="c-balance" href="{reverse("funds:list-accounts", args=["acme"])}"' in html
    )


@pytest.mark.parametrize(
    ("persona", "place"),
    [("sam", "/admin/"), ("tina", "/portal/acme/"), ("charlie", "/portal/globex/")],
)
def test_the_start_page_sends_everybody_to_their_portal(
    request: pytest.FixtureRequest, client: Client, persona: str, place: str
) -> None:
    client.force_login(request.getfixturevalue(persona))

    assert client.get("/").headers["Location"] == place


def test_strangers_are_sent_to_the_log_in(client: Client, database: None) -> None:
    assert client.get("/").headers["Location"] == "/accounts/login/"
    assert client.get("/", follow=True).status_code == 200


def test_people_of_several_tenants_choose_among_their_own(
    client: Client, bob: User, acme: Tenant, globex: Tenant
) -> None:
    MembershipFactory.create(user=bob, tenant=globex, role=Membership.Role.MEMBER)
    client.force_login(bob)

    assert client.get("/").headers["Location"] == "/portal/"
    choice = client.get("/portal/").content.decode()
    assert "/portal/acme/" in choice
    assert "/portal/globex/" in choice
    # Inside one, the other is one click away.
    places = client.get("/portal/acme/").context["frame"].other_places
    assert [place.url for place in places] == ["/portal/globex/"]


def test_whoever_belongs_nowhere_is_told_so(client: Client, database: None) -> None:
    client.force_login(UserFactory.create())

    page = client.get("/", follow=True)

    assert "You belong to no tenant yet" in page.content.decode()


def test_administrators_go_to_and_fro_between_the_portals(
    client: Client, tina: User
) -> None:
    client.force_login(tina)

    inside = client.get("/portal/acme/").context["frame"].other_places
    outside = client.get("/admin/").context["frame"].other_places

    assert [place.url for place in inside] == ["/admin/"]
    assert [place.url for place in outside] == ["/portal/acme/"]


def test_a_theme_is_kept_for_the_person_and_for_the_device(
    client: Client, bob: User
) -> None:
    client.force_login(bob)

    response = client.post("/theme", {"theme": "dark", "next": "/portal/acme/"})

    bob.refresh_from_db()
    assert (bob.theme, response.headers["Location"]) == ("dark", "/portal/acme/")
    assert 'data-bs-theme="dark"' in client.get("/portal/acme/").content.decode()
    client.post("/accounts/logout/")
    assert 'data-bs-theme="dark"' in client.get("/accounts/login/").content.decode()
    # The person's own choice wins over the device's.
    User.objects.filter(pk=bob.pk).update(theme="")
    client.force_login(bob)
    assert "data-bs-theme" not in client.get("/portal/acme/").content.decode()


@pytest.mark.parametrize("theme", ["", "purple", '"><script>'])
def test_an_unknown_theme_follows_the_device(client: Client, bob: User, theme: str) -> None:
    client.force_login(bob)
    client.cookies["theme"] = theme

    client.post("/theme", {"theme": theme})

    bob.refresh_from_db()
    assert bob.theme == ""
    client.post("/accounts/logout/")
    assert "data-bs-theme" not in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("url", ["/theme", "/language"])
@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test", "javascript:alert(1)"]
)
def test_choices_lead_back_to_our_own_pages_only(
    client: Client, database: None, url: str, target: str
) -> None:
    response = client.post(url, {"theme": "dark", "language": "ar", "next": target})

    assert "evil" not in response.headers["Location"]
    assert "javascript" not in response.headers["Location"]


def test_arabic_pages_run_from_right_to_left(client: Client, bob: User) -> None:
    client.force_login(bob)

    client.post("/language", {"language": "ar", "next": "/portal/acme/"})
    html = client.get("/portal/acme/").content.decode()

    bob.refresh_from_db()
    assert bob.language == "ar"
    assert '<html lang="ar" dir="rtl"' in html
    assert "tabler.layered.rtl.css" in html
    assert "لوحة المعلومات" in html


def test_a_persons_language_comes_along_to_a_new_device(client: Client, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(language="ar")
    client.force_login(bob)

    assert 'lang="ar"' in client.get("/portal/acme/").content.decode()


def test_a_name_never_becomes_markup(client: Client, tina: User, acme: Tenant) -> None:
    Tenant.objects.filter(pk=acme.pk).update(name="<img src=x onerror=alert(1)>")
    User.objects.filter(pk=tina.pk).update(name='"><script>alert(1)</script>')
    client.force_login(tina)

    for url in ("/portal/acme/", "/admin/", "/admin/people/", "/admin/groups/"):
        html = client.get(url).content.decode()
        assert "<img src=x" not in html
        assert "<script>alert" not in html


def test_the_dashboard_shows_money_to_those_who_may_see_it(
    client: Client, alice: User, bob: User, acme_account: FundAccount
) -> None:
    put_in(acme_account, "25.50")
    client.force_login(alice)
    hers = client.get("/portal/acme/")
    client.force_login(bob)
    his = client.get("/portal/acme/")

    assert [figure.value for figure in hers.context["figures"]] == [
        Money(Decimal("25.50"), "USD"),
        Money.zero("USD"),
        Money(Decimal("25.50"), "USD"),
    ]
    assert [part.list.name for part in hers.context["parts"]] == [
        "fund-accounts",
        "resources",
        "orders",
        "transactions",
    ]
    assert "25.50" in hers.content.decode()
    assert his.context["figures"] == []
    assert "25.50" not in his.content.decode()


def test_the_admin_dashboard_counts_what_its_viewer_reaches(
    client: Client, sam: User, tina: User, charlie: User, acme_account: FundAccount
) -> None:
    client.force_login(sam)
    everything = [figure.value for figure in client.get("/admin/").context["figures"]]
    client.force_login(tina)
    hers = [figure.value for figure in client.get("/admin/").context["figures"]]

    assert everything == ["2", "3", "1", "0"]
    assert hers == ["1", "2", "1"]
