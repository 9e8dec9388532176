"""What administrators do about people: add, change, remove, close and reopen."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import queries
from accounts.access import Permission
from accounts.actions import people
from accounts.decorators import AdminRequest, admin_view
from accounts.forms import InvitationForm, PlaceForm, TenantChoiceForm
from accounts.models import Membership, Tenant
from cmp.lib.pages import FormPage, Prompt, ReasonForm, form_page, prompt_page, succeeds

_LIST = "accounts_admin:list-people"


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_PEOPLE)
def add_person(request: AdminRequest) -> HttpResponse:
    """Which tenant comes first, because roles and groups are the tenant's."""
    tenant = _chosen_tenant(request)
    if tenant is None:
        return _ask_for_tenant(request)
    form = InvitationForm(request.POST or None, tenant=tenant)

    def invite(typed: dict[str, Any]) -> None:
        people.invite(
            actor=request.user,
            tenant_id=tenant.pk,
            email=typed["email"],
            name=typed["name"],
            role=typed["role"],
            group_ids=form.group_ids,
            at=timezone.now(),
        )

    if succeeds(form, invite):
        messages.success(request, _("Person added. A mail says how to log in."))
        return redirect(_LIST)
    return form_page(
        request,
        form,
        _page(_("Add person to %(tenant)s") % {"tenant": tenant}, reverse(_LIST)),
    )


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_PEOPLE)
def edit_person(request: AdminRequest, membership_id: int) -> HttpResponse:
    membership = _membership(request, membership_id)
    initial = {"role": membership.role, "groups": membership.groups.all()}
    form = PlaceForm(request.POST or None, tenant=membership.tenant, initial=initial)

    def change(typed: dict[str, Any]) -> None:
        people.change_place(
            actor=request.user,
            membership_id=membership.pk,
            role=typed["role"],
            group_ids=form.group_ids,
            at=timezone.now(),
        )

    if succeeds(form, change):
        messages.success(request, _("Person saved."))
        return redirect(_url(membership))
    title = _("Role and groups of %(person)s") % {"person": membership.user}
    return form_page(request, form, _page(title, _url(membership)))


@require_POST
@admin_view(Permission.EDIT_PEOPLE)
def send_link(request: AdminRequest, membership_id: int) -> HttpResponse:
    membership = _membership(request, membership_id)
    people.send_link(actor=request.user, membership_id=membership.pk, at=timezone.now())
    messages.success(request, _("A mail that says how to log in is on its way."))
    return redirect(_url(membership))


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_PEOPLE)
def remove_person(request: AdminRequest, membership_id: int) -> HttpResponse:
    membership = _membership(request, membership_id)
    words = {"person": membership.user, "tenant": membership.tenant}

    def remove(typed: dict[str, Any]) -> None:
        people.remove(
            actor=request.user,
            membership_id=membership.pk,
            reason=typed["reason"],
            at=timezone.now(),
        )

    prompt = Prompt(
        title=_("Remove %(person)s from %(tenant)s") % words,
        text=_("%(person)s sees nothing of %(tenant)s any more. What they did stays.")
        % words,
        submit=_("Remove person"),
        cancel_url=_url(membership),
    )
    return _prompted(request, prompt, remove, _("Person removed."), reverse(_LIST))


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_PEOPLE)
def close_account(request: AdminRequest, membership_id: int) -> HttpResponse:
    membership = _membership(request, membership_id)
    words = {"person": membership.user}

    def close(typed: dict[str, Any]) -> None:
        people.close_account(
            actor=request.user,
            user_id=membership.user_id,
            reason=typed["reason"],
            at=timezone.now(),
        )

    prompt = Prompt(
        title=_("Close the account of %(person)s") % words,
        text=_("%(person)s is logged out everywhere and cannot log in again.") % words,
        submit=_("Close account"),
        cancel_url=_url(membership),
    )
    return _prompted(request, prompt, close, _("Account closed."), _url(membership))


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_PEOPLE)
def reopen_account(request: AdminRequest, membership_id: int) -> HttpResponse:
    membership = _membership(request, membership_id)
    words = {"person": membership.user}

    def reopen(typed: dict[str, Any]) -> None:
        people.reopen_account(
            actor=request.user,
            user_id=membership.user_id,
            reason=typed["reason"],
            at=timezone.now(),
        )

    prompt = Prompt(
        title=_("Reopen the account of %(person)s") % words,
        text=_("%(person)s can log in again and has the places they had.") % words,
        submit=_("Reopen account"),
        cancel_url=_url(membership),
        danger=False,
    )
    return _prompted(request, prompt, reopen, _("Account reopened."), _url(membership))


def _prompted(
    request: AdminRequest,
    prompt: Prompt,
    act: Callable[[dict[str, Any]], None],
    done: str,
    then: str,
) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    if succeeds(form, act):
        messages.success(request, done)
        return redirect(then)
    return prompt_page(request, form, prompt)


def _membership(request: AdminRequest, membership_id: int) -> Membership:
    return get_object_or_404(queries.people_within(request.reach), pk=membership_id)


def _chosen_tenant(request: AdminRequest) -> Tenant | None:
    tenants = queries.tenants_within(request.reach)
    chosen = TenantChoiceForm(request.GET, reach=request.reach)
    if chosen.is_valid():
        tenant: Tenant = chosen.cleaned_data["tenant"]
        return tenant
    # Whoever administers one tenant need not be asked.
    return tenants.get() if request.reach.tenant_ids and tenants.count() == 1 else None


def _ask_for_tenant(request: AdminRequest) -> HttpResponse:
    form = TenantChoiceForm(request.GET or None, reach=request.reach)
    page = FormPage(
        title=gettext_lazy("Add person"),
        submit=gettext_lazy("Next"),
        cancel_url=reverse(_LIST),
        crumbs=[(gettext_lazy("People"), reverse(_LIST))],
        method="get",
    )
    return form_page(request, form, page)


def _url(membership: Membership) -> str:
    return reverse("accounts_admin:view-person", args=[membership.pk])


def _page(title: str, cancel_url: str) -> FormPage:
    return FormPage(
        title=title,
        submit=gettext_lazy("Save person"),
        cancel_url=cancel_url,
        crumbs=[(gettext_lazy("People"), reverse(_LIST))],
    )
