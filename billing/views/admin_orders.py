"""Admin portal, Billing › Orders: every order of the tenants within reach."""

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts import access
from accounts.access import Permission
from accounts.decorators import AdminRequest, admin_view
from billing import display, queries
from billing.lists import ADMIN_ORDERS
from billing.models import Order
from cmp.lib.lists import list_page


@require_GET
@admin_view(Permission.VIEW_ORDERS)
def list_orders(request: AdminRequest) -> HttpResponseBase:
    return list_page(request, ADMIN_ORDERS, queries.orders_within(request.reach))


@require_GET
@admin_view(Permission.VIEW_ORDERS)
def view_order(request: AdminRequest, order_id: int) -> HttpResponse:
    within = queries.with_timeline(queries.orders_within(request.reach))
    order = within.filter(pk=order_id).first()
    if order is None:
        raise Http404
    context = {
        "order": order,
        "state": display.state_of_order(order),
        "size": display.size_of(order),
        "price": display.price_of(order),
        "lines": display.lines_of_order(order),
        "timeline": display.timeline_of(order),
        "account_url": _account_url(request, order),
    }
    return render(request, "billing/admin/order.html", context)


def _account_url(request: AdminRequest, order: Order) -> str:
    if not access.allows(request.user, Permission.VIEW_FUND_ACCOUNTS, order.tenant):
        return ""
    return reverse("funds_admin:view-account", args=[order.fund_account_id])
