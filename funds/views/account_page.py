"""What a page about one fund account shows in both portals."""

from typing import Any

from django.utils.translation import gettext as _

from cmp.lib.lists import Figure
from cmp.lib.money import Money
from funds import queries
from funds.links import Portal
from funds.lists.accounts import kind_in_text, state_of
from funds.lists.transactions import cause_of, direction_of
from funds.models import FundAccount, Transaction
from funds.types import WITHIN_KINDS

RECENT = 8


def account_page(
    account: FundAccount, portal: Portal, *, with_transactions: bool
) -> dict[str, Any]:
    """Figures, open holds, groups and the latest transactions of a fund account."""
    balance = queries.balance_of(account.pk)
    recent = queries.transactions_of(account).exclude(kind__in=WITHIN_KINDS)
    latest = recent.order_by("-occurred_at", "-pk")[:RECENT]
    groups = queries.groups_by_account([account.pk]).get(account.pk, [])
    return {
        "account": account,
        "state": state_of(account, balance),
        "kind": kind_in_text(account),
        "figures": _figures(account, balance),
        "groups": ", ".join(groups),
        "holds": [(hold, cause_of(hold)) for hold in queries.open_holds(account.pk)],
        "recent": [_line(each, portal) for each in latest] if with_transactions else None,
        "all_url": portal.transactions_of(account),
    }


def _line(transaction: Transaction, portal: Portal) -> dict[str, Any]:
    return {
        "transaction": transaction,
        "direction": direction_of(transaction),
        "cause": cause_of(transaction),
        "url": portal.transaction(transaction),
    }


def _figures(account: FundAccount, balance: queries.Balance) -> list[Figure]:
    figures = [
        Figure(_("Available"), balance.available, _("to spend now"), big=True),
        Figure(_("Held for orders"), balance.held, _("until they are done or given up")),
        Figure(_("Balance"), balance.balance, _("available and held together")),
    ]
    if account.credit_limit:
        limit = Money(account.credit_limit, account.currency)
        figures.append(
            Figure(_("Credit limit"), limit, _("how far below zero purchases go"))
        )
    return figures
