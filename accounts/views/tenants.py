"""Clients › Tenants: the operator's clients."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import access, queries
from accounts.access import PLATFORM, Permission
from accounts.actions import tenants
from accounts.decorators import AdminRequest, admin_view
from accounts.forms import TenantEditForm, TenantForm
from accounts.models import Tenant
from cmp.lib import cells
from cmp.lib.filters import ChoiceFilter, ListFilters, SearchFilter
from cmp.lib.lists import Action, Column, Empty, ListSpec, Row, RowScope, list_page
from cmp.lib.pages import FormPage, form_page, succeeds


class TenantFilters(ListFilters):
    """By name, type and plan."""

    q = SearchFilter(contains=["name", "slug"], placeholder=_("Name"))
    kind = ChoiceFilter(choices=Tenant.Kind.choices, label=_("Type"))
    billing_plan = ChoiceFilter(choices=Tenant.BillingPlan.choices, label=_("Billing Plan"))


def _row(tenant: Tenant, _scope: RowScope) -> Row:
    return Row(
        url=reverse("accounts_admin:view-tenant", args=[tenant.pk]),
        name=tenant.name,
        cells=[
            cells.text(tenant.name, small=tenant.slug),
            cells.text(tenant.get_kind_display()),
            cells.text(tenant.currency),
            cells.text(tenant.get_billing_plan_display()),
            cells.text(tenant.time_zone.replace("_", " ")),
            cells.moment(tenant.created_at),
        ],
    )


TENANTS: ListSpec[Tenant] = ListSpec(
    name="tenants",
    title=_("Tenants"),
    purpose=_("Each client of the operator; none sees anything of another."),
    noun=ngettext_lazy("tenant", "tenants"),
    columns=[
        Column("name", _("Tenant"), card="title", sort="name", small=_("Address")),
        Column("kind", _("Type"), card="state"),
        Column("currency", _("Currency"), card="amount"),
        Column("plan", _("Billing Plan")),
        Column("zone", _("Time zone")),
        Column("created", _("Created"), kind="moment", card="note", sort="created_at"),
    ],
    sort="-created",
    row=_row,
    filters=TenantFilters,
    empty=Empty(_("No tenants yet"), _("Add the first client to open accounts for it.")),
)


@require_GET
@admin_view(Permission.VIEW_TENANTS)
def list_tenants(request: AdminRequest) -> HttpResponseBase:
    tenants_within = queries.tenants_within(request.reach)
    return list_page(request, TENANTS, tenants_within, actions=_list_actions(request))


@require_GET
@admin_view(Permission.VIEW_TENANTS)
def view_tenant(request: AdminRequest, tenant_id: int) -> HttpResponse:
    tenant = get_object_or_404(queries.tenants_within(request.reach), pk=tenant_id)
    context = {
        "tenant": tenant,
        "groups": queries.groups_of(tenant.pk),
        "memberships": queries.memberships_in(tenant.pk),
        "may_edit": access.allows(request.user, Permission.EDIT_TENANTS, PLATFORM),
        "may_edit_people": access.allows(request.user, Permission.EDIT_PEOPLE, PLATFORM),
    }
    return render(request, "accounts/admin/tenant.html", context)


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_TENANTS)
def add_tenant(request: AdminRequest) -> HttpResponse:
    form = TenantForm(request.POST or None)

    def add(typed: dict[str, Any]) -> None:
        tenants.add(actor=request.user, at=timezone.now(), **typed)

    if succeeds(form, add):
        messages.success(request, _("Tenant saved."))
        return redirect("accounts_admin:list-tenants")
    return form_page(request, form, _page(_("Add tenant"), reverse(_LIST)))


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_TENANTS)
def edit_tenant(request: AdminRequest, tenant_id: int) -> HttpResponse:
    tenant = get_object_or_404(queries.tenants_within(request.reach), pk=tenant_id)
    form = TenantEditForm(request.POST or None, initial=vars(tenant))

    def edit(typed: dict[str, Any]) -> None:
        tenants.edit(actor=request.user, tenant_id=tenant.pk, at=timezone.now(), **typed)

    own_url = reverse("accounts_admin:view-tenant", args=[tenant.pk])
    if succeeds(form, edit):
        messages.success(request, _("Tenant saved."))
        return redirect(own_url)
    return form_page(request, form, _page(_("Edit tenant"), own_url))


_LIST = "accounts_admin:list-tenants"


def _list_actions(request: AdminRequest) -> list[Action]:
    if not access.allows(request.user, Permission.EDIT_TENANTS, PLATFORM):
        return []
    url = reverse("accounts_admin:add-tenant")
    return [Action(_("Add tenant"), url, icon="plus", primary=True)]


def _page(title: Any, cancel_url: str) -> FormPage:
    return FormPage(
        title=title,
        submit=_("Save tenant"),
        cancel_url=cancel_url,
        crumbs=[(_("Tenants"), reverse(_LIST))],
    )
