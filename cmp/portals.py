"""The navigation of both portals, declared here and nowhere else.

An entry appears only when its page exists in this release and the viewer has its
permission, so a menu never leads to a refusal. `cmp.frame` shows it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts.access import Permission
from cmp.lib.display import Words

_P = Permission


class Entry(NamedTuple):
    """A line of the navigation."""

    label: Words
    icon: str
    url_name: str
    permission: Permission


class Section(NamedTuple):
    """Lines of the navigation under one heading; the first section has none."""

    label: Words
    entries: Sequence[Entry]


USER_SECTIONS: Final = (
    Section(
        "",
        (
            Entry(_("Dashboard"), "dashboard", "user-dashboard", _P.USE_PORTAL),
            Entry(_("Catalogue"), "cart", "billing:view-catalogue", _P.REQUEST_RESOURCES),
            Entry(_("Orders"), "list", "billing:list-orders", _P.VIEW_ORDERS),
            Entry(_("Resources"), "server", "billing:list-resources", _P.VIEW_RESOURCES),
        ),
    ),
    Section(
        _("Fund"),
        (
            Entry(
                _("Fund accounts"), "wallet", "funds:list-accounts", _P.VIEW_FUND_ACCOUNTS
            ),
            Entry(_("Recharge"), "plus", "payments:start-recharge", _P.RECHARGE),
            Entry(_("Recharges"), "card", "payments:list-recharges", _P.VIEW_RECHARGES),
            Entry(
                _("Transactions"),
                "transfer",
                "funds:list-transactions",
                _P.VIEW_TRANSACTIONS,
            ),
        ),
    ),
)

ADMIN_SECTIONS: Final = (
    Section(
        "",
        (Entry(_("Dashboard"), "dashboard", "admin-dashboard", _P.VIEW_FUND_ACCOUNTS),),
    ),
    Section(
        _("Clients"),
        (
            Entry(_("Tenants"), "tenant", "accounts_admin:list-tenants", _P.VIEW_TENANTS),
            Entry(
                _("Business groups"), "users", "accounts_admin:list-groups", _P.VIEW_PEOPLE
            ),
            Entry(_("People"), "user", "accounts_admin:list-people", _P.VIEW_PEOPLE),
        ),
    ),
    Section(
        _("Fund"),
        (
            Entry(
                _("Fund accounts"),
                "wallet",
                "funds_admin:list-accounts",
                _P.VIEW_FUND_ACCOUNTS,
            ),
            Entry(
                _("Payment channels"),
                "card",
                "payments_admin:list-channels",
                _P.VIEW_CHANNELS,
            ),
            Entry(
                _("Recharges"), "plus", "payments_admin:list-recharges", _P.VIEW_RECHARGES
            ),
            Entry(
                _("Transactions"),
                "transfer",
                "funds_admin:list-transactions",
                _P.VIEW_TRANSACTIONS,
            ),
        ),
    ),
    Section(
        _("Billing"),
        (
            Entry(_("Orders"), "list", "billing_admin:list-orders", _P.VIEW_ORDERS),
            Entry(_("Price lists"), "tag", "billing_admin:view-prices", _P.VIEW_PRICES),
        ),
    ),
    Section(
        _("Operations"),
        (
            Entry(_("Jobs"), "refresh", "billing_admin:list-jobs", _P.VIEW_JOBS),
            Entry(_("Audit log"), "history", "accounts_admin:list-audit", _P.VIEW_AUDIT),
        ),
    ),
    Section(
        _("Config"),
        (
            Entry(
                _("Feature Configuration"),
                "settings",
                "features_admin:list-features",
                _P.VIEW_FEATURES,
            ),
        ),
    ),
)
