"""Fund › Payment channels in the admin portal."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import access
from accounts import queries as accounts
from accounts.access import PLATFORM, Permission
from accounts.decorators import AdminRequest, admin_view
from cmp.lib import cells
from cmp.lib.filters import ChoiceFilter, ListFilters, SearchFilter
from cmp.lib.lists import Action, Column, Empty, ListSpec, Row, RowScope, list_page
from cmp.lib.pages import (
    FormPage,
    NoReasonForm,
    Prompt,
    form_page,
    prompt_page,
    succeeds,
)
from payments import display, queries
from payments.actions import channels
from payments.actions.channels import ChannelDetails
from payments.forms import ChannelForm, NewChannelForm
from payments.models import PaymentChannel

_LIST = "payments_admin:list-channels"


class ChannelFilters(ListFilters):
    """By name, and whether it is in use."""

    q = SearchFilter(contains=["name", "merchant_identifier"], placeholder=_("Name"))
    is_active = ChoiceFilter(
        choices=[("True", _("In use")), ("False", _("Disabled"))], label=_("State")
    )


def _row(channel: PaymentChannel, scope: RowScope) -> Row:
    unfinished, may_edit = scope.loaded
    edit = reverse("payments_admin:edit-channel", args=[channel.pk])
    return Row(
        url=edit if may_edit else "",
        name=channel.name,
        cells=[
            cells.text(channel.name, small=channel.description),
            cells.text(channel.tenant.name if channel.tenant else _("Every tenant")),
            cells.text(channel.get_kind_display()),
            cells.code(channel.merchant_identifier, small=channel.sha_type),
            cells.number(unfinished.get(channel.pk, 0)),
            cells.state(display.state_of_channel(channel)),
            cells.moment(channel.created_at),
        ],
        actions=_actions(channel, edit) if may_edit else (),
    )


def _actions(channel: PaymentChannel, edit: str) -> list[Action]:
    switch = (
        Action(
            _("Disable"),
            reverse("payments_admin:disable-channel", args=[channel.pk]),
            prompts=True,
        )
        if channel.is_active
        else Action(
            _("Enable"),
            reverse("payments_admin:enable-channel", args=[channel.pk]),
            prompts=True,
        )
    )
    delete = reverse("payments_admin:delete-channel", args=[channel.pk])
    return [Action(_("Edit"), edit), switch, Action(_("Delete"), delete, prompts=True)]


def _load(shown: Any, request: AdminRequest) -> tuple[dict[int, int], bool]:
    counts = queries.unfinished_counts([channel.pk for channel in shown])
    return counts, _may_edit(request)


CHANNELS: ListSpec[PaymentChannel] = ListSpec(
    name="channels",
    title=_("Payment channels"),
    purpose=_("The ways in which fund accounts can be recharged."),
    noun=ngettext_lazy("payment channel", "payment channels"),
    columns=[
        Column(
            "name", _("Name"), card="title", sort="name", small=_("Description")
        ),
        Column("tenant", _("Tenant"), card="note"),
        Column("kind", _("Payment method")),
        Column("merchant", _("Merchant ID"), kind="code", small=_("SHA type")),
        Column("open", _("Open recharges"), kind="number"),
        Column("state", _("State"), kind="state", card="state"),
        Column("created", _("Added"), kind="moment", sort="created_at"),
    ],
    sort="name",
    row=_row,
    load=_load,
    filters=ChannelFilters,
    empty=Empty(
        _("No payment channels yet"),
        _("Add one, so that the owners of fund accounts can recharge them."),
    ),
)  # fmt: skip


@require_GET
@admin_view(Permission.VIEW_CHANNELS)
def list_channels(request: AdminRequest) -> HttpResponseBase:
    actions = []
    if _may_edit(request):
        url = reverse("payments_admin:add-channel")
        actions = [Action(_("Add payment channel"), url, icon="plus", primary=True)]
    return list_page(
        request, CHANNELS, queries.channels_within(request.reach), actions=actions
    )


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_CHANNELS)
def add_channel(request: AdminRequest) -> HttpResponse:
    form = NewChannelForm(
        request.POST or None,
        tenants=list(accounts.tenants_within(request.reach)),
        may_serve_all=access.allows(request.user, Permission.EDIT_CHANNELS, PLATFORM),
        initial={"return_url": channels.default_return_url()},
    )

    def add(typed: dict[str, Any]) -> None:
        tenant_id, kind = typed.pop("tenant"), typed.pop("kind")
        channels.add(
            actor=request.user,
            tenant_id=tenant_id,
            kind=kind,
            details=ChannelDetails(**typed),
            at=timezone.now(),
        )

    if succeeds(form, add):
        messages.success(request, _("Payment channel saved."))
        return redirect(_LIST)
    return form_page(request, form, _page(_("Add payment channel")))


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_CHANNELS)
def edit_channel(request: AdminRequest, channel_id: int) -> HttpResponse:
    channel = _channel(request, channel_id)
    shown = ("name", "description", "address", "access_code", "merchant_identifier",
             "sha_type", "return_url")  # fmt: skip
    form = ChannelForm(
        request.POST or None,
        is_new=False,
        initial={name: getattr(channel, name) for name in shown},
    )

    def edit(typed: dict[str, Any]) -> None:
        channels.edit(
            actor=request.user,
            channel_id=channel.pk,
            details=ChannelDetails(**typed),
            at=timezone.now(),
        )

    if succeeds(form, edit):
        messages.success(request, _("Payment channel saved."))
        return redirect(_LIST)
    return form_page(request, form, _page(_("Edit payment channel")))


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_CHANNELS)
def disable_channel(request: AdminRequest, channel_id: int) -> HttpResponse:
    channel = _channel(request, channel_id)
    form = NoReasonForm(request.POST if request.method == "POST" else None)

    def disable(_typed: dict[str, Any]) -> None:
        channels.disable(actor=request.user, channel_id=channel.pk, at=timezone.now())

    if succeeds(form, disable):
        messages.success(request, _("Payment channel disabled."))
        return redirect(_LIST)
    return prompt_page(
        request,
        form,
        Prompt(
            title=_("Disable %(name)s?") % {"name": channel.name},
            text=_(
                "It is no longer offered. Recharges that were started through it can "
                "still be paid, and are credited."
            ),
            submit=_("Disable payment channel"),
            cancel_url=reverse(_LIST),
            danger=False,
        ),
    )


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_CHANNELS)
def enable_channel(request: AdminRequest, channel_id: int) -> HttpResponse:
    channel = _channel(request, channel_id)
    form = NoReasonForm(request.POST if request.method == "POST" else None)

    def enable(_typed: dict[str, Any]) -> None:
        channels.enable(actor=request.user, channel_id=channel.pk, at=timezone.now())

    if succeeds(form, enable):
        messages.success(request, _("Payment channel enabled."))
        return redirect(_LIST)
    return prompt_page(
        request,
        form,
        Prompt(
            title=_("Enable %(name)s?") % {"name": channel.name},
            text=_("It is offered for recharges again."),
            submit=_("Enable payment channel"),
            cancel_url=reverse(_LIST),
            danger=False,
        ),
    )


@require_http_methods(["GET", "POST"])
@admin_view(Permission.EDIT_CHANNELS)
def delete_channel(request: AdminRequest, channel_id: int) -> HttpResponse:
    channel = _channel(request, channel_id)
    form = NoReasonForm(request.POST if request.method == "POST" else None)

    def delete(_typed: dict[str, Any]) -> None:
        channels.delete(actor=request.user, channel_id=channel.pk, at=timezone.now())

    if succeeds(form, delete):
        messages.success(request, _("Payment channel deleted."))
        return redirect(_LIST)
    return prompt_page(
        request,
        form,
        Prompt(
            title=_("Delete %(name)s?") % {"name": channel.name},
            text=_(
                "It disappears from every list and cannot be brought back. Recharges made "
                "through it stay, and a late payment is still credited."
            ),
            submit=_("Delete payment channel"),
            cancel_url=reverse(_LIST),
        ),
    )


def _channel(request: AdminRequest, channel_id: int) -> PaymentChannel:
    try:
        return queries.get_channel_within(request.reach, channel_id)
    except PaymentChannel.DoesNotExist as error:
        raise Http404 from error


def _may_edit(request: AdminRequest) -> bool:
    return access.grants_in_admin_portal(request.user) >= {Permission.EDIT_CHANNELS}


def _page(title: Any) -> FormPage:
    return FormPage(
        title=title,
        purpose=_("Phrases are stored encrypted and never shown again."),
        submit=_("Save payment channel"),
        cancel_url=reverse(_LIST),
        crumbs=[(_("Payment channels"), reverse(_LIST))],
    )
