"""Admin portal, Fund › Fund accounts: listed, opened, edited and deleted."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import access
from accounts import queries as accounts_queries
from accounts.access import PLATFORM, Permission
from accounts.decorators import AdminRequest, admin_view
from accounts.forms import TenantChoiceForm
from accounts.models import AuditEntry, Tenant
from cmp.lib.lists import Action, list_page
from cmp.lib.money import Money
from cmp.lib.pages import (
    FormPage,
    NoReasonForm,
    Prompt,
    form_page,
    prompt_page,
    succeeds,
)
from funds import queries
from funds.actions import fund_accounts
from funds.forms import CreditLimitForm, FundAccountEditForm, FundAccountForm
from funds.links import ADMIN
from funds.lists.accounts import ADMIN_ACCOUNTS
from funds.models import FundAccount
from funds.views.account_page import account_page

_LIST = "funds_admin:list-accounts"


@require_GET
@admin_view(Permission.VIEW_FUND_ACCOUNTS)
def list_accounts(request: AdminRequest) -> HttpResponseBase:
    actions = []
    if Permission.EDIT_FUND_ACCOUNTS in access.grants_in_admin_portal(request.user):
        url = reverse("funds_admin:add-account")
        actions = [Action(_("Add fund account"), url, icon="plus", primary=True)]
    accounts = queries.accounts_within(request.reach, with_deleted=True)
    return list_page(request, ADMIN_ACCOUNTS, accounts, actions=actions)


@require_GET
@admin_view(Permission.VIEW_FUND_ACCOUNTS)
def view_account(request: AdminRequest, account_id: int) -> HttpResponse:
    account = _account(request, account_id)
    may_edit = not account.is_deleted and access.allows(
        request.user, Permission.EDIT_FUND_ACCOUNTS, account.tenant
    )
    may_see = access.allows(request.user, Permission.VIEW_TRANSACTIONS, account.tenant)
    context = {
        **account_page(account, ADMIN, with_transactions=may_see),
        "history": _history(request, account),
        "may_edit": may_edit,
        "why_it_stays": fund_accounts.why_not_deletable(account) if may_edit else None,
        "may_set_credit": may_edit and not account.is_prepaid and _is_staff(request),
    }
    return render(request, "funds/admin/account.html", context)


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_FUND_ACCOUNTS)
def add_account(request: AdminRequest) -> HttpResponse:
    """Which tenant comes first, because groups, people and currency are the tenant's."""
    tenant = _chosen_tenant(request)
    if tenant is None:
        return _ask_for_tenant(request)
    form = FundAccountForm(
        request.POST or None, tenant=tenant, initial={"kind": tenant.billing_plan}
    )
    opened: list[FundAccount] = []

    def open_it(typed: dict[str, Any]) -> None:
        opened.append(
            fund_accounts.open(
                actor=request.user,
                tenant_id=tenant.pk,
                name=typed["name"],
                description=typed["description"],
                group_ids=form.group_ids,
                owner_id=typed["owner"].pk,
                kind=typed["kind"],
                at=timezone.now(),
            )
        )

    if succeeds(form, open_it):
        messages.success(request, _("Fund account saved."))
        return redirect(_LIST)
    purpose = _("For %(tenant)s, in %(currency)s. It starts with a balance of 0.")
    return form_page(
        request,
        form,
        _page(
            _("Add fund account"),
            purpose % {"tenant": tenant.name, "currency": tenant.currency},
            reverse(_LIST),
        ),
    )


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_FUND_ACCOUNTS)
def edit_account(request: AdminRequest, account_id: int) -> HttpResponse:
    account = _living_account(request, account_id)
    form = FundAccountEditForm(
        request.POST or None,
        tenant=account.tenant,
        account=account,
        initial=_typed_before(account),
    )

    def edit(typed: dict[str, Any]) -> None:
        fund_accounts.edit(
            actor=request.user,
            fund_account_id=account.pk,
            name=typed["name"],
            description=typed["description"],
            group_ids=form.group_ids,
            owner_id=typed["owner"].pk,
            at=timezone.now(),
        )

    return _form_for(
        request, account, form, edit, _("Edit %(account)s") % {"account": account}
    )


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_FUND_ACCOUNTS)
def set_credit_limit(request: AdminRequest, account_id: int) -> HttpResponse:
    """For the operator only: nobody gives credit to themselves."""
    access.demand(request.user, Permission.EDIT_FUND_ACCOUNTS, PLATFORM)
    account = _living_account(request, account_id)
    if account.is_prepaid:
        raise Http404
    form = CreditLimitForm(request.POST or None, account=account)

    def set_limit(typed: dict[str, Any]) -> None:
        limit: Money = typed["credit_limit"]
        fund_accounts.set_credit_limit(
            actor=request.user,
            fund_account_id=account.pk,
            credit_limit=limit,
            reason=typed["reason"],
            at=timezone.now(),
        )

    title = _("Credit limit of %(account)s") % {"account": account}
    return _form_for(request, account, form, set_limit, title)


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_FUND_ACCOUNTS)
def delete_account(request: AdminRequest, account_id: int) -> HttpResponse:
    account = _living_account(request, account_id)
    form = NoReasonForm(request.POST if request.method == "POST" else None)

    def delete(_typed: dict[str, Any]) -> None:
        fund_accounts.delete(
            actor=request.user, fund_account_id=account.pk, at=timezone.now()
        )

    if succeeds(form, delete):
        messages.success(request, _("Fund account deleted."))
        return redirect(_LIST)
    return prompt_page(request, form, _deletion_prompt(account))


def _deletion_prompt(account: FundAccount) -> Prompt:
    consequence = _(
        "Its business groups can no longer request with it. Its transactions stay readable."
    )
    reason = fund_accounts.why_not_deletable(account)
    title = _("%(account)s cannot be deleted") if reason else _("Delete %(account)s?")
    return Prompt(
        title=title % {"account": account},
        text=reason or consequence,
        submit="" if reason else _("Delete fund account"),
        cancel_url=reverse("funds_admin:view-account", args=[account.pk]),
    )


def _form_for(
    request: AdminRequest,
    account: FundAccount,
    form: Any,
    act: Callable[[dict[str, Any]], object],
    title: str,
) -> HttpResponse:
    """A form that changes a fund account and then shows it."""
    own_url = reverse("funds_admin:view-account", args=[account.pk])
    if succeeds(form, act):
        messages.success(request, _("Fund account saved."))
        return redirect(own_url)
    purpose = _("%(tenant)s, %(kind)s, in %(currency)s. The balance stays as it is.") % {
        "tenant": account.tenant.name,
        "kind": str(account.get_kind_display()).lower(),
        "currency": account.currency,
    }
    return form_page(request, form, _page(title, purpose, own_url))


def _page(title: str, purpose: str, cancel_url: str) -> FormPage:
    return FormPage(
        title=title,
        purpose=purpose,
        submit=_("Save account"),
        cancel_url=cancel_url,
        crumbs=[(_("Fund accounts"), reverse(_LIST))],
    )


def _typed_before(account: FundAccount) -> dict[str, Any]:
    return {
        "name": account.name,
        "description": account.description,
        "groups": queries.group_ids_of(account.pk),
        "owner": account.owner_id,
    }


_VERBS = {
    "fund_account.created": gettext_lazy("Opened"),
    "fund_account.changed": gettext_lazy("Changed"),
    "fund_account.deleted": gettext_lazy("Deleted"),
}
_FIELDS = {
    "name": gettext_lazy("name"),
    "description": gettext_lazy("description"),
    "owner": gettext_lazy("owner"),
    "groups": gettext_lazy("business groups"),
    "credit_limit": gettext_lazy("credit limit"),
}


def _history(request: AdminRequest, account: FundAccount) -> list[dict[str, Any]]:
    """What people did to this account, newest first."""
    entries = accounts_queries.audit_within(request.reach)
    of_account = entries.filter(subject=f"fund_account:{account.pk}")
    return [
        {
            "words": _words_for(entry),
            "at": entry.at,
            "who": entry.actor_name,
            "reason": entry.reason,
        }
        for entry in of_account.order_by("-at", "-pk")[:20]
    ]


def _words_for(entry: AuditEntry) -> str:
    """`Changed: owner, business groups`."""
    verb = str(_VERBS.get(entry.verb, entry.verb))
    changed = [
        str(label)
        for name, label in _FIELDS.items()
        if entry.before and entry.after and entry.before.get(name) != entry.after.get(name)
    ]
    return f"{verb}: {', '.join(changed)}" if changed else verb


def _account(request: AdminRequest, account_id: int) -> FundAccount:
    try:
        return queries.get_account_within(request.reach, account_id)
    except FundAccount.DoesNotExist as missing:
        raise Http404 from missing


def _living_account(request: AdminRequest, account_id: int) -> FundAccount:
    account = _account(request, account_id)
    if account.is_deleted:
        raise Http404
    return account


def _is_staff(request: AdminRequest) -> bool:
    return access.allows(request.user, Permission.EDIT_FUND_ACCOUNTS, PLATFORM)


def _chosen_tenant(request: AdminRequest) -> Tenant | None:
    """The tenant named in the address, or the only one that somebody administers."""
    form = TenantChoiceForm(request.GET or None, reach=request.reach)
    if form.is_valid():
        chosen: Tenant = form.cleaned_data["tenant"]
        return chosen
    own = accounts_queries.tenants_within(request.reach)
    return own.get() if request.reach.tenant_ids and own.count() == 1 else None


def _ask_for_tenant(request: AdminRequest) -> HttpResponse:
    form = TenantChoiceForm(request.GET or None, reach=request.reach)
    page = FormPage(
        title=_("Add fund account"),
        purpose=_("Its tenant decides the currency, the business groups and the owner."),
        submit=_("Continue"),
        cancel_url=reverse(_LIST),
        crumbs=[(_("Fund accounts"), reverse(_LIST))],
        method="get",
    )
    return form_page(request, form, page)
