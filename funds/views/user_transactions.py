"""User portal, Fund › Transactions: every movement of the viewer's money."""

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import Permission
from accounts.decorators import UserRequest, user_view
from cmp.lib.lists import list_page
from funds import queries
from funds.links import Portal
from funds.lists.transactions import TRANSACTIONS
from funds.models import Transaction
from funds.views.transaction_page import transaction_page
from funds.views.user_accounts import recharge_actions


@require_GET
@user_view(Permission.VIEW_TRANSACTIONS)
def list_transactions(request: UserRequest) -> HttpResponseBase:
    transactions = queries.transactions_visible_to(request.user, request.tenant)
    return list_page(request, TRANSACTIONS, transactions, actions=recharge_actions(request))


@require_GET
@user_view(Permission.VIEW_TRANSACTIONS)
def view_transaction(request: UserRequest, transaction_id: int) -> HttpResponse:
    visible = queries.transactions_visible_to(request.user, request.tenant)
    try:
        transaction = visible.get(pk=transaction_id)
    except Transaction.DoesNotExist as missing:
        raise Http404 from missing
    context = transaction_page(transaction, Portal(request.tenant.slug))
    story = context["story"]
    return render(
        request,
        "funds/user/transaction.html",
        {**context, "story_url": story.url if story else ""},
    )
