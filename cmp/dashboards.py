"""What the two dashboards show: few figures, each from the query that its page uses."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import access
from accounts import queries as accounts_queries
from accounts.access import Permission
from accounts.decorators import AdminRequest, UserRequest
from cmp.frame import Frame
from cmp.lib.lists import Figure
from cmp.lib.money import Money
from funds import queries as funds_queries


def of_tenant(request: UserRequest) -> dict[str, Any]:
    """The user portal's dashboard: money first, for those who may see it."""
    grants = access.grants_of(request.user, request.tenant)
    context: dict[str, Any] = {"sections": Frame(request).navigation}
    if Permission.VIEW_FUND_ACCOUNTS not in grants:
        return context
    accounts = list(funds_queries.accounts_visible_to(request.user, request.tenant))
    balances = funds_queries.balances_of([account.pk for account in accounts])
    available = held = Money.zero(request.tenant.currency)
    for balance in balances.values():
        available, held = available + balance.available, held + balance.held
    figures = [
        Figure(_("Available"), available, _("to spend now"), big=True),
        Figure(_("Held for orders"), held, _("until they are done or given up")),
        Figure(_("Balance"), available + held, _("available and held together")),
    ]
    shown = [(account, balances[account.pk]) for account in accounts[:10]]
    return {**context, "figures": figures if accounts else (), "accounts": shown}


def of_operator(request: AdminRequest) -> dict[str, Any]:
    """The admin portal's dashboard, narrowed to the tenants that the actor reaches."""
    tenants = accounts_queries.tenants_within(request.reach)
    accounts = funds_queries.accounts_within(request.reach)
    figures = [
        Figure(_("Tenants"), f"{tenants.count():,}"),
        Figure(_("People"), f"{accounts_queries.people_within(request.reach).count():,}"),
        Figure(_("Fund accounts"), f"{accounts.count():,}", _("open now")),
    ]
    return {
        "figures": figures,
        "sections": Frame(request).navigation,
        "newest": accounts.order_by("-created_at", "-pk")[:5],
        "start_url": reverse("home"),
    }
