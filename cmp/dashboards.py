"""What the two dashboards show: few figures and the newest rows of lists with pages."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

import billing.queries
import funds.queries
import resources.queries
from accounts import access
from accounts import queries as accounts_queries
from accounts.access import Grants, Permission
from accounts.decorators import AdminRequest, UserRequest
from billing.lists import ADMIN_ORDERS, ORDERS, RESOURCES
from billing.views.orders import request_action
from cmp.lib.latest import Latest, latest
from cmp.lib.lists import Figure, ListSpec
from cmp.lib.money import Money
from funds.lists.accounts import ACCOUNTS, ADMIN_ACCOUNTS
from funds.lists.transactions import ADMIN_TRANSACTIONS, TRANSACTIONS
from funds.views.user_accounts import recharge_actions

# Permission, list, rows, name of the list's page.
_Part = tuple[Permission, ListSpec[Any], QuerySet[Any], str]


def of_tenant(request: UserRequest) -> dict[str, Any]:
    """The user portal's dashboard: money first, for those who may see it."""
    grants = access.grants_of(request.user, request.tenant)
    user, tenant = request.user, request.tenant
    parts: list[_Part] = [
        (
            Permission.VIEW_FUND_ACCOUNTS,
            ACCOUNTS,
            funds.queries.accounts_visible_to(user, tenant),
            "funds:list-accounts",
        ),
        (
            Permission.VIEW_RESOURCES,
            RESOURCES,
            resources.queries.instances_of(tenant),
            "billing:list-resources",
        ),
        (
            Permission.VIEW_ORDERS,
            ORDERS,
            billing.queries.orders_of(tenant),
            "billing:list-orders",
        ),
        (
            Permission.VIEW_TRANSACTIONS,
            TRANSACTIONS,
            funds.queries.transactions_visible_to(user, tenant),
            "funds:list-transactions",
        ),
    ]
    return {
        # One thing to do: money comes before what it pays for.
        "actions": recharge_actions(request) or request_action(request),
        "figures": _money_figures(request, grants),
        "parts": _allowed(request, parts, grants, [tenant.slug]),
    }


def of_operator(request: AdminRequest) -> dict[str, Any]:
    """The admin portal's dashboard, narrowed to the tenants that the actor reaches."""
    grants = access.grants_in_admin_portal(request.user)
    accounts = funds.queries.accounts_within(request.reach)
    parts: list[_Part] = [
        (
            Permission.VIEW_ORDERS,
            ADMIN_ORDERS,
            billing.queries.orders_within(request.reach),
            "billing_admin:list-orders",
        ),
        (
            Permission.VIEW_TRANSACTIONS,
            ADMIN_TRANSACTIONS,
            funds.queries.transactions_within(request.reach),
            "funds_admin:list-transactions",
        ),
        (
            Permission.VIEW_FUND_ACCOUNTS,
            ADMIN_ACCOUNTS,
            accounts,
            "funds_admin:list-accounts",
        ),
    ]
    return {
        "figures": _operators_figures(request, grants),
        "totals": ADMIN_ACCOUNTS.totals(accounts, request),
        "parts": _allowed(request, parts, grants, []),
    }


def _allowed(
    request: Any, parts: list[_Part], grants: Grants, args: list[str]
) -> list[Latest]:
    return [
        latest(request, spec, rows, url=reverse(page, args=args))
        for permission, spec, rows, page in parts
        if permission in grants
    ]


def _money_figures(request: UserRequest, grants: Grants) -> list[Figure]:
    if Permission.VIEW_FUND_ACCOUNTS not in grants:
        return []
    accounts = funds.queries.accounts_visible_to(request.user, request.tenant)
    ids = list(accounts.values_list("pk", flat=True))
    available = held = Money.zero(request.tenant.currency)
    for balance in funds.queries.balances_of(ids).values():
        available, held = available + balance.available, held + balance.held
    figures = [
        Figure(_("Available"), available, _("to spend now"), big=True),
        Figure(_("Held for orders"), held, _("until they are done or given up")),
        Figure(_("Balance"), available + held, _("available and held together")),
    ]
    return figures if ids else []


def _operators_figures(request: AdminRequest, grants: Grants) -> list[Figure]:
    tenants = accounts_queries.tenants_within(request.reach).count()
    people = accounts_queries.people_within(request.reach).count()
    accounts = funds.queries.accounts_within(request.reach).count()
    figures = [
        Figure(_("Tenants"), f"{tenants:,}", _("you look after")),
        Figure(_("People"), f"{people:,}", _("places in these tenants")),
        Figure(_("Fund accounts"), f"{accounts:,}", _("open now")),
    ]
    if Permission.VIEW_JOBS in grants:
        parked = billing.queries.parked().count()
        note = _("fund accounts that cannot be charged")
        figures.append(Figure(_("Parked"), f"{parked:,}", note))
    return figures
