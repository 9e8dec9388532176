"""Clients › Business groups: the parts of tenants whose members request resources."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import access, queries
from accounts.access import Permission
from accounts.actions import groups
from accounts.decorators import AdminRequest, admin_view
from accounts.forms import GroupForm, GroupNameForm
from accounts.models import BusinessGroup, Tenant
from cmp.lib import cells
from cmp.lib.filters import ListFilters, ModelChoiceFilter, SearchFilter
from cmp.lib.lists import Action, Column, Empty, ListSpec, Row, RowScope, list_page
from cmp.lib.pages import FormPage, form_page, succeeds

_LIST = "accounts_admin:list-groups"


def _tenants(request: AdminRequest) -> QuerySet[Tenant]:
    return queries.tenants_within(request.reach)


class GroupFilters(ListFilters):
    """By name and tenant."""

    q = SearchFilter(contains=["name"], placeholder=_("Name"))
    tenant = ModelChoiceFilter(queryset=_tenants, label=_("Tenant"))


def _row(group: BusinessGroup, scope: RowScope) -> Row:
    heads, may_edit = scope.loaded
    rename = reverse("accounts_admin:rename-group", args=[group.pk])
    return Row(
        url=rename if may_edit else "",
        name=group.name,
        cells=[
            cells.text(group.name),
            cells.text(group.tenant.name),
            cells.number(heads.get(group.pk, 0)),
            cells.moment(group.created_at),
        ],
    )


def _load(shown: Any, request: AdminRequest) -> tuple[dict[int, int], bool]:
    heads = queries.head_counts([group.pk for group in shown])
    return heads, _may_edit(request)


GROUPS: ListSpec[BusinessGroup] = ListSpec(
    name="groups",
    title=_("Business groups"),
    purpose=_("The parts of a tenant; each uses at most one fund account."),
    noun=ngettext_lazy("business group", "business groups"),
    columns=[
        Column("name", _("Business group"), card="title", sort="name"),
        Column("tenant", _("Tenant"), card="note"),
        Column("people", _("People"), kind="number", card="amount"),
        Column("created", _("Created"), kind="moment", card="state", sort="created_at"),
    ],
    sort="-created",
    row=_row,
    load=_load,
    filters=GroupFilters,
    empty=Empty(
        _("No business groups yet"),
        _("Add one, then open a fund account that its members request from."),
    ),
)


@require_GET
@admin_view(Permission.VIEW_PEOPLE)
def list_groups(request: AdminRequest) -> HttpResponseBase:
    actions = []
    if _may_edit(request):
        url = reverse("accounts_admin:add-group")
        actions = [Action(_("Add business group"), url, icon="plus", primary=True)]
    return list_page(request, GROUPS, queries.groups_within(request.reach), actions=actions)


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_PEOPLE)
def add_group(request: AdminRequest) -> HttpResponse:
    initial = {"tenant": request.GET.get("tenant")}
    form = GroupForm(request.POST or None, initial=initial, reach=request.reach)

    def add(typed: dict[str, Any]) -> None:
        groups.add(
            actor=request.user,
            tenant_id=typed["tenant"].pk,
            name=typed["name"],
            at=timezone.now(),
        )

    if succeeds(form, add):
        messages.success(request, _("Business group saved."))
        return redirect(_LIST)
    return form_page(request, form, _page(_("Add business group")))


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_PEOPLE)
def rename_group(request: AdminRequest, group_id: int) -> HttpResponse:
    group = get_object_or_404(queries.groups_within(request.reach), pk=group_id)
    form = GroupNameForm(request.POST or None, initial={"name": group.name})

    def rename(typed: dict[str, Any]) -> None:
        groups.rename(
            actor=request.user, group_id=group.pk, name=typed["name"], at=timezone.now()
        )

    if succeeds(form, rename):
        messages.success(request, _("Business group saved."))
        return redirect(_LIST)
    return form_page(request, form, _page(_("Rename business group")))


def _may_edit(request: AdminRequest) -> bool:
    return Permission.EDIT_PEOPLE in access.grants_in_admin_portal(request.user)


def _page(title: Any) -> FormPage:
    return FormPage(
        title=title,
        submit=_("Save business group"),
        cancel_url=reverse(_LIST),
        crumbs=[(_("Business groups"), reverse(_LIST))],
    )
