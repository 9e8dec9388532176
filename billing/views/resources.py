"""User portal, Resources: what runs, what it costs, and ending it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

import resources.queries
from accounts import access
from accounts.access import Permission
from accounts.decorators import UserRequest, user_view
from billing import display, queries
from billing.actions import subscriptions
from billing.lists import RESOURCES
from billing.models import Subscription
from billing.views.orders import acts_for_group, request_action
from cmp.lib.lists import list_page
from cmp.lib.money import Money
from cmp.lib.pages import NoReasonForm, Prompt, prompt_page, succeeds
from pricing.models import Sale
from resources.models import Instance


@require_GET
@user_view(Permission.VIEW_RESOURCES)
def list_resources(request: UserRequest) -> HttpResponseBase:
    mine = resources.queries.instances_of(request.tenant)
    return list_page(request, RESOURCES, mine, actions=request_action(request))


@require_GET
@user_view(Permission.VIEW_RESOURCES)
def view_resource(request: UserRequest, instance_id: int) -> HttpResponse:
    instance = _instance(request, instance_id)
    subscription = queries.subscription_of_instance(instance.pk)
    context = {
        "instance": instance,
        "state": display.state_of_instance(instance),
        "size": display.size_of(instance),
        "subscription": subscription,
        "may_delete": instance.is_running and _may_act(request, instance),
        **(_cost(subscription) if subscription else {}),
    }
    return render(request, "billing/user/resource.html", context)


@require_http_methods(["GET", "POST"])
@user_view(Permission.REQUEST_RESOURCES)
def delete_resource(request: UserRequest, instance_id: int) -> HttpResponse:
    instance = _instance(request, instance_id)
    if not acts_for_group(request, instance.business_group_id):
        raise PermissionDenied
    own_url = reverse("billing:view-resource", args=[request.tenant.slug, instance.pk])
    if not instance.is_running:
        return redirect(own_url)
    form = NoReasonForm(request.POST if request.method == "POST" else None)

    def delete(_typed: dict[str, Any]) -> None:
        subscriptions.end(actor=request.user, instance_id=instance.pk, at=timezone.now())

    if succeeds(form, delete):
        messages.success(request, _("Instance deleted."))
        return redirect("billing:list-resources", request.tenant.slug)
    return prompt_page(request, form, _deletion_prompt(instance, own_url))


def _deletion_prompt(instance: Instance, own_url: str) -> Prompt:
    subscription = queries.subscription_of_instance(instance.pk)
    if subscription and not subscription.is_hourly:
        text = _(
            "The server and its disk are removed and cannot be brought back. The rest of"
            " the month is paid already and is not given back."
        )
    else:
        text = _(
            "The server and its disk are removed and cannot be brought back. Charging"
            " stops at this second."
        )
    return Prompt(
        title=_("Delete %(name)s?") % {"name": instance.name},
        text=text,
        submit=_("Delete instance"),
        cancel_url=own_url,
    )


def _cost(subscription: Subscription) -> dict[str, Any]:
    """What it costs, has cost, and until when."""
    if subscription.is_hourly:
        hourly = queries.hourly_costs([subscription.pk], timezone.now())
        price = hourly.get(subscription.pk)
        charged = queries.charged_so_far(subscription)
        return {
            "price": display.per_period(price, Sale.HOURLY) if price else "–",
            "charged": charged,
            "until": subscription.billed_until,
        }
    order = subscription.order
    paid = Money(order.amount, order.currency)
    return {
        "price": display.per_period(paid, Sale.TERM),
        "charged": paid if order.needs_payment else None,
        "until": display.until_when(subscription),
    }


def _may_act(request: UserRequest, instance: Instance) -> bool:
    return access.allows(
        request.user, Permission.REQUEST_RESOURCES, request.tenant
    ) and acts_for_group(request, instance.business_group_id)


def _instance(request: UserRequest, instance_id: int) -> Instance:
    found = resources.queries.instances_of(request.tenant).filter(pk=instance_id).first()
    if found is None:
        raise Http404
    return found
