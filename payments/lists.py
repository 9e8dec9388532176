"""The lists of recharges, of both portals, and of payments in suspense."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import queries as accounts
from accounts.models import Tenant
from cmp.lib import cells
from cmp.lib.display import State, Tone
from cmp.lib.filters import (
    ChoiceFilter,
    DayFromFilter,
    DayToFilter,
    LeastAmountFilter,
    ListFilters,
    ModelChoiceFilter,
    MostAmountFilter,
    SearchFilter,
)
from cmp.lib.lists import Cell, Column, Empty, ListSpec, Row, RowScope
from payments import display, queries
from payments.models import PaymentChannel, Recharge, UnplacedPayment


def _tenants(request: Any) -> QuerySet[Tenant]:
    return accounts.tenants_within(request.reach)


def _channels(request: HttpRequest) -> QuerySet[PaymentChannel]:
    tenant: Tenant | None = getattr(request, "tenant", None)
    if tenant is not None:
        return queries.channels_seen_by(tenant.pk)
    return queries.channels_within(request.reach)  # type: ignore[attr-defined]


class RechargeFilters(ListFilters):
    """What people look for among recharges."""

    q = SearchFilter(
        contains=["payer__name", "fund_account__name"],
        exact=["merchant_reference", "gateway_reference"],
        numbers={"RC": "id"},
        placeholder=_("Number, account, payer, reference"),
    )
    state = ChoiceFilter(choices=Recharge.State.choices, label=_("State"))
    channel = ModelChoiceFilter(queryset=_channels, label=_("Payment channel"))
    from_day = DayFromFilter("created_at", label=_("From"))
    to_day = DayToFilter("created_at", label=_("To (inclusive)"))
    least = LeastAmountFilter("amount", label=_("Amount from"))
    most = MostAmountFilter("amount", label=_("Amount to"))

    in_view: ClassVar[Sequence[str]] = ("q", "state", "from_day", "to_day")
    pairs = (("from_day", "to_day"), ("least", "most"))


class AllRechargeFilters(RechargeFilters):
    """The same over all tenants that the viewer reaches."""

    tenant = ModelChoiceFilter(queryset=_tenants, label=_("Tenant"))
    in_view: ClassVar[Sequence[str]] = ("q", "tenant", "state", "from_day", "to_day")


def _cells(recharge: Recharge) -> list[Cell]:
    return [
        cells.code(recharge.number, small=recharge.purpose),
        cells.text(recharge.fund_account.name, small=recharge.fund_account.number),
        cells.text(recharge.payer, small=recharge.channel.name),
        cells.state(display.state_of(recharge)),
        cells.money(recharge.money),
        cells.moment(recharge.created_at),
    ]


def _row(recharge: Recharge, scope: RowScope) -> Row:
    slug = scope.request.tenant.slug
    return Row(
        url=reverse("payments:view-recharge", args=[slug, recharge.pk]),
        name=recharge.number,
        cells=_cells(recharge),
    )


def _admin_row(recharge: Recharge, _scope: RowScope) -> Row:
    number, account, *rest = _cells(recharge)
    return Row(
        url=reverse("payments_admin:view-recharge", args=[recharge.pk]),
        name=recharge.number,
        cells=[number, cells.text(recharge.tenant.name), account, *rest],
    )


_NUMBER = Column("number", _("Recharge"), kind="code", card="title")
_COLUMNS = [
    Column("account", _("Fund account"), card="note", small=_("Fund account number")),
    Column("payer", _("Paid by"), small=_("Payment channel")),
    Column("state", _("State"), kind="state", card="state"),
    Column("amount", _("Amount"), kind="money", card="amount", sort="amount"),
    Column("created", _("Started"), kind="moment", card="more", sort="created_at"),
]

RECHARGES: ListSpec[Recharge] = ListSpec(
    name="recharges",
    title=_("Recharges"),
    purpose=_("Every attempt to put money in a fund account, and what became of it."),
    noun=ngettext_lazy("recharge", "recharges"),
    columns=[_NUMBER, *_COLUMNS],
    sort="-created",
    row=_row,
    filters=RechargeFilters,
    empty=Empty(
        _("No recharges yet"),
        _("Money that you put in a fund account is listed here, paid or not."),
    ),
)

ALL_RECHARGES: ListSpec[Recharge] = ListSpec(
    name="recharges",
    title=_("Recharges"),
    purpose=_("Every attempt to put money in a fund account, and what became of it."),
    noun=ngettext_lazy("recharge", "recharges"),
    columns=[_NUMBER, Column("tenant", _("Tenant")), *_COLUMNS],
    sort="-created",
    row=_admin_row,
    filters=AllRechargeFilters,
    empty=Empty(
        _("No recharges yet"),
        _("What the owners of fund accounts pay is listed here, paid or not."),
    ),
)


def _unplaced_row(payment: UnplacedPayment, _scope: RowScope) -> Row:
    recharge = payment.recharge
    return Row(
        url=reverse("payments_admin:view-recharge", args=[recharge.pk]) if recharge else "",
        name=payment.gateway_reference,
        cells=[
            cells.code(payment.gateway_reference, small=payment.transaction_number),
            cells.text(payment.channel.name),
            cells.code(recharge.number) if recharge else cells.nothing(),
            cells.state(State(payment.get_reason_display(), Tone.WARN)),
            cells.money(payment.money),
            cells.moment(payment.created_at),
        ],
    )


class UnplacedFilters(ListFilters):
    """By the provider's number or ours."""

    q = SearchFilter(
        exact=["gateway_reference", "transaction_number"],
        numbers={"RC": "recharge_id"},
        placeholder=_("Provider’s number, transaction, recharge"),
    )
    reason = ChoiceFilter(choices=UnplacedPayment.Reason.choices, label=_("Why"))


UNPLACED: ListSpec[UnplacedPayment] = ListSpec(
    name="suspense",
    title=_("Payments in suspense"),
    purpose=_(
        "Money that a gateway reports, signed, and that fits no recharge as it stands. "
        "It is kept in the suspense pot until somebody decides."
    ),
    noun=ngettext_lazy("payment", "payments"),
    columns=[
        Column(
            "reference",
            _("Provider’s number"),
            kind="code",
            card="title",
            small=_("Transaction"),
        ),
        Column("channel", _("Payment channel"), card="note"),
        Column("recharge", _("Recharge"), kind="code"),
        Column("reason", _("Why"), kind="state", card="state"),
        Column("amount", _("Amount"), kind="money", card="amount", sort="amount"),
        Column("created", _("Received"), kind="moment", card="more", sort="created_at"),
    ],
    sort="-created",
    row=_unplaced_row,
    filters=UnplacedFilters,
    empty=Empty(
        _("Nothing in suspense"),
        _("Every payment that the gateways reported has found its recharge."),
    ),
)
