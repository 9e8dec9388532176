"""User portal, Fund › Fund accounts: what the viewer has to request with."""

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import access
from accounts.access import Permission
from accounts.decorators import UserRequest, user_view
from cmp.lib.lists import Action, list_page
from funds import links, queries
from funds.links import Portal
from funds.lists.accounts import ACCOUNTS
from funds.models import FundAccount
from funds.views.account_page import account_page


@require_GET
@user_view(Permission.VIEW_FUND_ACCOUNTS)
def list_accounts(request: UserRequest) -> HttpResponseBase:
    accounts = queries.accounts_visible_to(request.user, request.tenant, with_deleted=True)
    return list_page(request, ACCOUNTS, accounts, actions=recharge_actions(request))


@require_GET
@user_view(Permission.VIEW_FUND_ACCOUNTS)
def view_account(request: UserRequest, account_id: int) -> HttpResponse:
    try:
        account = queries.get_account_visible_to(request.user, request.tenant, account_id)
    except FundAccount.DoesNotExist as missing:
        raise Http404 from missing
    may_see = access.allows(request.user, Permission.VIEW_TRANSACTIONS, account)
    context = {
        **account_page(account, Portal(request.tenant.slug), with_transactions=may_see),
        "recharge_url": links.recharge_url(request.user, request.tenant, account),
    }
    return render(request, "funds/user/account.html", context)


def recharge_actions(request: UserRequest) -> list[Action]:
    """The recharge button of a page, for whoever may recharge some account."""
    url = links.recharge_url(request.user, request.tenant)
    return [Action(_("Recharge"), url, icon="plus", primary=True)] if url else []
