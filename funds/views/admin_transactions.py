"""Admin portal, Fund › Transactions: every movement of the tenants within reach."""

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import Permission
from accounts.decorators import AdminRequest, admin_view
from cmp.lib.lists import list_page
from funds import queries
from funds.links import ADMIN
from funds.lists.transactions import ADMIN_TRANSACTIONS
from funds.models import Transaction
from funds.views.transaction_page import transaction_page


@require_GET
@admin_view(Permission.VIEW_TRANSACTIONS)
def list_transactions(request: AdminRequest) -> HttpResponseBase:
    return list_page(
        request, ADMIN_TRANSACTIONS, queries.transactions_within(request.reach)
    )


@require_GET
@admin_view(Permission.VIEW_TRANSACTIONS)
def view_transaction(request: AdminRequest, transaction_id: int) -> HttpResponse:
    within = queries.transactions_within(request.reach)
    try:
        transaction = within.get(pk=transaction_id)
    except Transaction.DoesNotExist as missing:
        raise Http404 from missing
    context = transaction_page(transaction, ADMIN)
    story = context["story"]
    return render(
        request,
        "funds/admin/transaction.html",
        {**context, "story_url": story.admin_url if story else ""},
    )
