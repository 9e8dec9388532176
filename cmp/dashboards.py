"""What the two dashboards show: few figures and the newest rows of lists with pages."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import access
from accounts import queries as accounts_queries
from accounts.access import Grants, Permission
from accounts.decorators import AdminRequest, UserRequest
from cmp.lib.latest import Latest, latest
from cmp.lib.lists import Figure
from cmp.lib.money import Money
from funds import queries as funds_queries
from funds.lists.accounts import ACCOUNTS, ADMIN_ACCOUNTS
from funds.lists.transactions import ADMIN_TRANSACTIONS, TRANSACTIONS
from funds.views.user_accounts import recharge_actions


def of_tenant(request: UserRequest) -> dict[str, Any]:
    """The user portal's dashboard: money first, for those who may see it."""
    grants = access.grants_of(request.user, request.tenant)
    return {
        "actions": recharge_actions(request),
        "figures": _money_figures(request, grants),
        "parts": _parts_of_tenant(request, grants),
    }


def of_operator(request: AdminRequest) -> dict[str, Any]:
    """The admin portal's dashboard, narrowed to the tenants that the actor reaches."""
    tenants = accounts_queries.tenants_within(request.reach)
    people = accounts_queries.people_within(request.reach)
    accounts = funds_queries.accounts_within(request.reach)
    return {
        "figures": [
            Figure(_("Tenants"), f"{tenants.count():,}", _("you look after")),
            Figure(_("People"), f"{people.count():,}", _("places in these tenants")),
            Figure(_("Fund accounts"), f"{accounts.count():,}", _("open now")),
        ],
        "totals": ADMIN_ACCOUNTS.totals(accounts, request),
        "parts": _parts_of_operator(request),
    }


def _money_figures(request: UserRequest, grants: Grants) -> list[Figure]:
    if Permission.VIEW_FUND_ACCOUNTS not in grants:
        return []
    accounts = funds_queries.accounts_visible_to(request.user, request.tenant)
    ids = list(accounts.values_list("pk", flat=True))
    available = held = Money.zero(request.tenant.currency)
    for balance in funds_queries.balances_of(ids).values():
        available, held = available + balance.available, held + balance.held
    figures = [
        Figure(_("Available"), available, _("to spend now"), big=True),
        Figure(_("Held for orders"), held, _("until they are done or given up")),
        Figure(_("Balance"), available + held, _("available and held together")),
    ]
    return figures if ids else []


def _parts_of_tenant(request: UserRequest, grants: Grants) -> list[Latest]:
    user, tenant = request.user, request.tenant
    parts = []
    if Permission.VIEW_FUND_ACCOUNTS in grants:
        accounts = funds_queries.accounts_visible_to(user, tenant)
        url = reverse("funds:list-accounts", args=[tenant.slug])
        parts.append(latest(request, ACCOUNTS, accounts, url=url))
    if Permission.VIEW_TRANSACTIONS in grants:
        transactions = funds_queries.transactions_visible_to(user, tenant)
        url = reverse("funds:list-transactions", args=[tenant.slug])
        parts.append(latest(request, TRANSACTIONS, transactions, url=url))
    return parts


def _parts_of_operator(request: AdminRequest) -> list[Latest]:
    grants = access.grants_in_admin_portal(request.user)
    parts = []
    if Permission.VIEW_TRANSACTIONS in grants:
        transactions = funds_queries.transactions_within(request.reach)
        url = reverse("funds_admin:list-transactions")
        parts.append(latest(request, ADMIN_TRANSACTIONS, transactions, url=url))
    accounts = funds_queries.accounts_within(request.reach)
    url = reverse("funds_admin:list-accounts")
    parts.append(latest(request, ADMIN_ACCOUNTS, accounts, url=url))
    return parts
