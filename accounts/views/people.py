"""Clients › People: who belongs to which tenant, and as what."""

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_GET

from accounts import access, queries
from accounts.access import Permission
from accounts.actions import people
from accounts.decorators import AdminRequest, admin_view
from accounts.models import Membership, Tenant, User
from cmp.lib import cells
from cmp.lib.display import State, Tone
from cmp.lib.filters import ChoiceFilter, ListFilters, ModelChoiceFilter, SearchFilter
from cmp.lib.lists import Action, Column, Empty, ListSpec, Row, RowScope, list_page


def _tenants(request: AdminRequest) -> QuerySet[Tenant]:
    return queries.tenants_within(request.reach)


class PeopleFilters(ListFilters):
    """By name or e-mail, tenant and role."""

    q = SearchFilter(
        contains=["user__name", "user__email"], placeholder=_("Name or e-mail")
    )
    tenant = ModelChoiceFilter(queryset=_tenants, label=_("Tenant"))
    role = ChoiceFilter(choices=Membership.Role.choices, label=_("Role"))


def _row(membership: Membership, _scope: RowScope) -> Row:
    user = membership.user
    groups = ", ".join(sorted(group.name for group in membership.groups.all()))
    return Row(
        url=reverse("accounts_admin:view-person", args=[membership.pk]),
        name=user.name,
        cells=[
            cells.text(user.name, small=user.email),
            cells.text(membership.tenant.name),
            cells.text(membership.get_role_display()),
            cells.text(groups or "–"),
            cells.state(state_of(user)),
            cells.moment(membership.created_at),
        ],
    )


def state_of(user: User) -> State:
    """Whether this person can log in."""
    if not user.is_active:
        return State(_("Closed"), Tone.IDLE, "lock")
    if not user.has_usable_password():
        return State(_("Invited"), Tone.INFO, "mail")
    return State(_("Active"), Tone.OK)


PEOPLE: ListSpec[Membership] = ListSpec(
    name="people",
    title=_("People"),
    purpose=_("One line for each place of a person in a tenant."),
    noun=ngettext_lazy("place", "places"),
    columns=[
        Column("name", _("Name"), card="title", sort="user__name", small=_("E-mail")),
        Column("tenant", _("Tenant")),
        Column("role", _("Role"), card="note"),
        Column("groups", _("Business groups")),
        Column("state", _("State"), kind="state", card="amount"),
        Column("since", _("Since"), kind="moment", sort="created_at"),
    ],
    sort="-since",
    row=_row,
    filters=PeopleFilters,
    empty=Empty(_("Nobody yet"), _("Add people so that they can request or pay.")),
)


@require_GET
@admin_view(Permission.VIEW_PEOPLE)
def list_people(request: AdminRequest) -> HttpResponseBase:
    actions = []
    if Permission.EDIT_PEOPLE in access.grants_in_admin_portal(request.user):
        url = reverse("accounts_admin:add-person")
        actions = [Action(_("Add person"), url, icon="user-plus", primary=True)]
    return list_page(request, PEOPLE, queries.people_within(request.reach), actions=actions)


@require_GET
@admin_view(Permission.VIEW_PEOPLE)
def view_person(request: AdminRequest, membership_id: int) -> HttpResponse:
    membership = get_object_or_404(queries.people_within(request.reach), pk=membership_id)
    may_edit = access.allows(request.user, Permission.EDIT_PEOPLE, membership.tenant)
    is_self = membership.user_id == request.user.pk
    context = {
        "membership": membership,
        "person": membership.user,
        "state": state_of(membership.user),
        "may_edit": may_edit,
        "may_leave": may_edit and not is_self,
        "may_close": (
            may_edit and not is_self and people.may_close(request.user, membership.user)
        ),
    }
    return render(request, "accounts/admin/person.html", context)
