"""Fund › Recharges in the admin portal: what was paid, what was not, what is in doubt."""

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.access import Permission
from accounts.decorators import AdminRequest, admin_view
from cmp.lib.lists import Action, list_page
from payments import display, queries
from payments.lists import ALL_RECHARGES, UNPLACED
from payments.models import Recharge


@require_GET
@admin_view(Permission.VIEW_RECHARGES)
def list_recharges(request: AdminRequest) -> HttpResponseBase:
    suspense = Action(
        _("Payments in suspense"), reverse("payments_admin:list-unplaced"), icon="warn"
    )
    return list_page(
        request,
        ALL_RECHARGES,
        queries.recharges_within(request.reach),
        actions=[suspense],
    )


@require_GET
@admin_view(Permission.VIEW_RECHARGES)
def list_unplaced(request: AdminRequest) -> HttpResponseBase:
    return list_page(request, UNPLACED, queries.unplaced_within(request.reach))


@require_GET
@admin_view(Permission.VIEW_RECHARGES)
def view_recharge(request: AdminRequest, recharge_id: int) -> HttpResponse:
    try:
        recharge = queries.get_recharge_within(request.reach, recharge_id)
    except Recharge.DoesNotExist as error:
        raise Http404 from error
    messages = list(queries.believed_messages(recharge))
    context = {
        "recharge": recharge,
        "state": display.state_of(recharge),
        "reason": display.reason_of(recharge),
        "story": display.story_of(recharge, messages),
        "messages_seen": messages,
        "unplaced": recharge.unplaced.order_by("id"),
        "transaction_url": _transaction_url(recharge),
    }
    return render(request, "payments/admin/recharge.html", context)


def _transaction_url(recharge: Recharge) -> str:
    if recharge.transaction_id is None:
        return ""
    return reverse("funds_admin:view-transaction", args=[recharge.transaction_id])
