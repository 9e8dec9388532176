"""What stands around every page: navigation, tenants, balance, theme."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext

from accounts import access
from accounts import queries as accounts_queries
from accounts.access import Grants, Permission
from accounts.models import Membership, Tenant, User
from cmp.lib.display import Words
from cmp.lib.money import Money
from cmp.portals import ADMIN_SECTIONS, USER_SECTIONS, Entry
from funds import queries as funds_queries

Portal = Literal["user", "admin", ""]
THEME_COOKIE: Final = "__Host-theme" if settings.IS_PRODUCTION else "theme"


class Link(NamedTuple):
    """A place to go to, as menus show it."""

    label: Words
    url: str
    icon: str
    is_current: bool = False


class ShownSection(NamedTuple):
    """A section of the navigation with the links this viewer has."""

    label: Words
    entries: Sequence[Link]


@dataclass(frozen=True, slots=True)
class BalanceChip:
    """The balance in the top bar: of one fund account, or of all that one may see."""

    label: str
    amount: Money
    url: str


class Frame:
    """The frame of one request; each part is read only when a template shows it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.tenant: Tenant | None = getattr(request, "tenant", None)
        self.portal: Portal = portal_of(request)

    @property
    def user(self) -> User:
        user = self.request.user
        assert isinstance(user, User)
        return user

    @property
    def theme(self) -> str:
        """`light`, `dark`, or empty to follow the device."""
        user = getattr(self.request, "user", None)
        if isinstance(user, User):
            return user.theme
        cookie = self.request.COOKIES.get(THEME_COOKIE, "")
        return cookie if cookie in User.Theme.values else ""

    @property
    def portal_name(self) -> str:
        return gettext("Admin portal") if self.portal == "admin" else gettext("User portal")

    @property
    def home_url(self) -> str:
        if self.tenant:
            return reverse("user-dashboard", args=[self.tenant.slug])
        return reverse("admin-dashboard") if self.portal == "admin" else reverse("home")

    @property
    def role_name(self) -> str:
        """What the viewer is here, in words."""
        membership: Membership | None = getattr(self.request, "membership", None)
        if membership:
            return membership.get_role_display()
        if self.user.staff_role:
            return self.user.get_staff_role_display()
        return gettext("Tenant administrator")

    @cached_property
    def navigation(self) -> list[ShownSection]:
        sections = USER_SECTIONS if self.tenant else ADMIN_SECTIONS
        shown = [
            ShownSection(section.label, self._links(section.entries))
            for section in sections
        ]
        present = [section for section in shown if section.entries]
        return _marked(present, self.request.path, home=self.home_url)

    @cached_property
    def other_places(self) -> list[Link]:
        """The other portal and the other tenants of whoever has both."""
        places = []
        if self.tenant and may_enter_admin(self.user):
            places.append(
                Link(gettext("Admin portal"), reverse("admin-dashboard"), "switch")
            )
        for membership in accounts_queries.memberships_of(self.user):
            if membership.tenant != self.tenant:
                url = reverse("user-dashboard", args=[membership.tenant.slug])
                places.append(Link(membership.tenant.name, url, "tenant"))
        return places

    @cached_property
    def balance(self) -> BalanceChip | None:
        """What is available to spend, for whoever may see fund accounts of the tenant."""
        if not self.tenant or Permission.VIEW_FUND_ACCOUNTS not in self._grants:
            return None
        accounts = funds_queries.accounts_visible_to(self.user, self.tenant)
        ids = list(accounts.values_list("pk", flat=True))
        url = _url_of("funds:list-accounts", self.tenant)
        if not ids or not url:
            return None
        available = Money.zero(self.tenant.currency)
        for balance in funds_queries.balances_of(ids).values():
            available += balance.available
        label = (
            gettext("Available")
            if len(ids) == 1
            else gettext("Available in all fund accounts")
        )
        return BalanceChip(label, available, url)

    @cached_property
    def _grants(self) -> Grants:
        if self.tenant:
            return access.grants_of(self.user, self.tenant)
        return access.grants_in_admin_portal(self.user)

    def _links(self, entries: Sequence[Entry]) -> list[Link]:
        links = []
        for entry in entries:
            url = _url_of(entry.url_name, self.tenant)
            if url and entry.permission in self._grants:
                links.append(Link(entry.label, url, entry.icon))
        return links


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context processor: `frame`, and `shell`, the template that pages extend."""
    shell = "admin.html" if portal_of(request) == "admin" else "user.html"
    return {"frame": Frame(request), "shell": shell}


def portal_of(request: HttpRequest) -> Portal:
    """The portal of a request, by what its guard left on it."""
    if hasattr(request, "tenant"):
        return "user"
    return "admin" if hasattr(request, "reach") else ""


def may_enter_admin(user: User) -> bool:
    return user.is_operator or bool(access.tenants_administered(user))


def start_url(user: User) -> str:
    """Where somebody goes after logging in: staff to the admin portal, others to theirs."""
    if user.is_operator:
        return reverse("admin-dashboard")
    tenants = [membership.tenant for membership in accounts_queries.memberships_of(user)]
    if len(tenants) == 1:
        return reverse("user-dashboard", args=[tenants[0].slug])
    return reverse("choose-tenant")


def _marked(sections: list[ShownSection], path: str, *, home: str) -> list[ShownSection]:
    """The sections with the entry marked that the page at `path` belongs to."""
    urls = [link.url for section in sections for link in section.entries]
    # The dashboard is the start of every address of its portal; it marks only itself.
    candidates = [
        url for url in urls if url == path or (url != home and path.startswith(url))
    ]
    current = max(candidates, key=len, default="")
    return [
        ShownSection(
            section.label,
            [link._replace(is_current=link.url == current) for link in section.entries],
        )
        for section in sections
    ]


def _url_of(name: str, tenant: Tenant | None) -> str:
    """The URL of a page, empty if this release does not have it."""
    try:
        return reverse(name, args=[tenant.slug] if tenant else [])
    except NoReverseMatch:
        return ""
