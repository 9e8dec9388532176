"""User portal, Orders: listed, shown with their story, paid from the balance, cancelled."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

import funds.queries
from accounts import access
from accounts.access import Permission
from accounts.decorators import UserRequest, user_view
from accounts.queries import groups_of_member
from billing import display, queries
from billing.actions import orders
from billing.lists import ORDERS
from billing.models import Order
from billing.views.catalogue import recharge_url
from cmp.lib.htmx import render_page
from cmp.lib.lists import Action, list_page
from cmp.lib.money import Money
from cmp.lib.pages import NoReasonForm, Prompt, prompt_page, succeeds


@require_GET
@user_view(Permission.VIEW_ORDERS)
def list_orders(request: UserRequest) -> HttpResponseBase:
    mine = queries.orders_of(request.tenant)
    return list_page(request, ORDERS, mine, actions=request_action(request))


@require_GET
@user_view(Permission.VIEW_ORDERS)
def view_order(request: UserRequest, order_id: int) -> HttpResponse:
    order = _order(request, order_id)
    if request.htmx and not order.is_in_progress:  # type: ignore[attr-defined]
        # It is decided: show the whole page anew, with the balance in its frame.
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {
        "order": order,
        "state": display.state_of_order(order),
        "size": display.size_of(order),
        "price": display.price_of(order),
        "lines": display.lines_of_order(order),
        "timeline": display.timeline_of(order),
        "may_act": order.is_payable and _may_act(request, order),
        "again_url": _again_url(request, order),
        "account_url": _account_url(request, order),
        "resource_url": _resource_url(request, order),
    }
    return render_page(request, "billing/user/order.html", context, partial="progress")


@require_http_methods(["GET", "POST"])
@user_view(Permission.REQUEST_RESOURCES)
def pay_order(request: UserRequest, order_id: int) -> HttpResponse:
    """The payment page: what is held, from which fund account, and what is left."""
    order = _order_to_act_on(request, order_id)
    if not order.is_payable:
        return redirect("billing:view-order", request.tenant.slug, order.pk)
    form = NoReasonForm(request.POST if request.method == "POST" else None)

    def pay(_typed: dict[str, Any]) -> None:
        orders.pay(actor=request.user, order_id=order.pk, at=timezone.now())

    if succeeds(form, pay):
        messages.success(request, _("Payment complete. The deployment has started."))
        return redirect("billing:view-order", request.tenant.slug, order.pk)
    status = 422 if form.errors else 200
    return render(
        request, "billing/user/pay.html", _payment(request, order, form), status=status
    )


@require_http_methods(["GET", "POST"])
@user_view(Permission.REQUEST_RESOURCES)
def cancel_order(request: UserRequest, order_id: int) -> HttpResponse:
    order = _order_to_act_on(request, order_id)
    own_url = reverse("billing:view-order", args=[request.tenant.slug, order.pk])
    if not order.is_payable:
        return redirect(own_url)
    form = NoReasonForm(request.POST if request.method == "POST" else None)

    def cancel(_typed: dict[str, Any]) -> None:
        orders.cancel(actor=request.user, order_id=order.pk, at=timezone.now())

    if succeeds(form, cancel):
        messages.success(request, _("Order cancelled. Nothing was charged."))
        return redirect(own_url)
    prompt = Prompt(
        title=_("Cancel order %(number)s?") % {"number": order.number},
        text=_("“%(name)s” will not be deployed. Nothing has been charged for it.")
        % {"name": order.name},
        submit=_("Cancel order"),
        cancel_url=own_url,
    )
    return prompt_page(request, form, prompt)


def request_action(request: UserRequest) -> list[Action]:
    """The way to the catalogue, for whoever may request."""
    if not access.allows(request.user, Permission.REQUEST_RESOURCES, request.tenant):
        return []
    url = reverse("billing:request-instance", args=[request.tenant.slug])
    return [Action(_("Request an instance"), url, icon="plus", primary=True)]


def acts_for_group(request: UserRequest, group_id: int) -> bool:
    return groups_of_member(request.membership).filter(pk=group_id).exists()


def _again_url(request: UserRequest, order: Order) -> str:
    """The request form filled in as before, for whoever may ask for the same again."""
    if not (order.is_failed and _may_act(request, order)):
        return ""
    typed = {
        "group": order.business_group_id,
        "name": order.name,
        "vcpu": order.vcpu,
        "memory_gib": order.memory_gib,
        "disk_gib": order.disk_gib,
        "sale": order.sale,
    }
    if order.has_public_ip:
        typed["has_public_ip"] = "on"
    url = reverse("billing:request-instance", args=[request.tenant.slug])
    return f"{url}?{urlencode(typed)}"


def _account_url(request: UserRequest, order: Order) -> str:
    if not access.allows(request.user, Permission.VIEW_FUND_ACCOUNTS, order.fund_account):
        return ""
    arguments = [request.tenant.slug, order.fund_account_id]
    return reverse("funds:view-account", args=arguments)


def _resource_url(request: UserRequest, order: Order) -> str:
    if order.instance_id is None or not access.allows(
        request.user, Permission.VIEW_RESOURCES, request.tenant
    ):
        return ""
    arguments = [request.tenant.slug, order.instance_id]
    return reverse("billing:view-resource", args=arguments)


def _payment(request: UserRequest, order: Order, form: NoReasonForm) -> dict[str, Any]:
    account = order.fund_account
    available = funds.queries.balance_of(account.pk).available
    spendable = available + Money(account.credit_limit, account.currency)
    is_short = order.held > spendable
    missing = queries.rounded_up(order.held - spendable) if is_short else None
    return {
        "form": form,
        "order": order,
        "size": display.size_of(order),
        "price": display.price_of(order),
        "available": available,
        "left": available - order.held,
        "missing": missing,
        "recharge_url": recharge_url(request, account, missing, return_to=request.path)
        if missing
        else "",
    }


def _order(request: UserRequest, order_id: int) -> Order:
    order = (
        queries.with_timeline(queries.orders_of(request.tenant)).filter(pk=order_id).first()
    )
    if order is None:
        raise Http404
    return order


def _order_to_act_on(request: UserRequest, order_id: int) -> Order:
    """An order of a business group that the viewer acts for; raises 404 or 403."""
    order = _order(request, order_id)
    if not acts_for_group(request, order.business_group_id):
        raise PermissionDenied
    return order


def _may_act(request: UserRequest, order: Order) -> bool:
    return access.allows(
        request.user, Permission.REQUEST_RESOURCES, request.tenant
    ) and acts_for_group(request, order.business_group_id)
