"""The lists of orders and resources of both portals, and of job runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts import queries as accounts
from accounts.models import BusinessGroup, Tenant
from billing import display, jobs_shown, queries
from billing.models import Order, Subscription
from cmp.lib import cells
from cmp.lib.cells import Cell
from cmp.lib.display import moment_html
from cmp.lib.filters import (
    ChoiceFilter,
    DayFromFilter,
    DayToFilter,
    ListFilters,
    ModelChoiceFilter,
    SearchFilter,
)
from cmp.lib.jobs.models import JobRun
from cmp.lib.lists import Column, Empty, ListSpec, Row, RowScope
from cmp.lib.money import Money
from pricing.models import Sale
from resources.models import Instance


def _groups(request: Any) -> QuerySet[BusinessGroup]:
    return accounts.groups_of(request.tenant.pk)


def _tenants(request: Any) -> QuerySet[Tenant]:
    return accounts.tenants_within(request.reach)


# ---------------------------------------------------------------- orders


class OrderFilters(ListFilters):
    """What people look for among their orders."""

    q = SearchFilter(
        contains=["name", "requested_by__name"],
        numbers={"OR": "id"},
        placeholder=_("Number, name, requester"),
    )
    state = ChoiceFilter(choices=Order.State.choices, label=_("State"))
    sale = ChoiceFilter(choices=Sale.choices, label=_("Payment"))
    from_day = DayFromFilter("created_at", label=_("From"))
    to_day = DayToFilter("created_at", label=_("To (inclusive)"))
    group = ModelChoiceFilter(
        field_name="business_group", queryset=_groups, label=_("Business group")
    )
    pairs = (("from_day", "to_day"),)


class AdminOrderFilters(ListFilters):
    """The same over all tenants within reach."""

    q = SearchFilter(
        contains=["name", "requested_by__name", "tenant__name"],
        numbers={"OR": "id"},
        placeholder=_("Number, name, requester"),
    )
    tenant = ModelChoiceFilter(queryset=_tenants, label=_("Tenant"))
    state = ChoiceFilter(choices=Order.State.choices, label=_("State"))
    from_day = DayFromFilter("created_at", label=_("From"))
    to_day = DayToFilter("created_at", label=_("To (inclusive)"))
    sale = ChoiceFilter(choices=Sale.choices, label=_("Payment"))
    in_view: ClassVar[Sequence[str]] = ("q", "tenant", "state", "from_day", "to_day")
    pairs = (("from_day", "to_day"),)


def _order_cells(order: Order) -> list[Cell]:
    return [
        cells.state(display.state_of_order(order)),
        display.price_cell(order.total, order.sale),
        cells.moment(order.created_at),
    ]


def _order_row(order: Order, scope: RowScope) -> Row:
    return Row(
        url=reverse("billing:view-order", args=[scope.request.tenant.slug, order.pk]),
        name=order.number,
        cells=[
            cells.text(order.name, small=order.number),
            cells.text(order.business_group.name, small=order.requested_by),
            *_order_cells(order),
        ],
    )


def _admin_order_row(order: Order, _scope: RowScope) -> Row:
    return Row(
        url=reverse("billing_admin:view-order", args=[order.pk]),
        name=order.number,
        cells=[
            cells.text(order.name, small=order.number),
            cells.text(order.tenant.name, small=order.business_group.name),
            cells.text(order.requested_by, small=order.fund_account.number),
            *_order_cells(order),
        ],
    )


_ORDER_HEAD: Final = Column(
    "name", _("Order"), card="title", sort="name", small=_("Number")
)
_ORDER_TAIL: Final = [
    Column("state", _("State"), kind="state", card="state"),
    Column("price", _("Price"), kind="money", card="amount", small=_("For")),
    Column("created", _("Requested"), kind="moment", card="note", sort="created_at"),
]

ORDERS: Final[ListSpec[Order]] = ListSpec(
    name="orders",
    title=_("Orders"),
    purpose=_("What was requested, and what became of it."),
    noun=ngettext_lazy("order", "orders"),
    columns=[
        _ORDER_HEAD,
        Column("group", _("Business group"), card="more", small=_("Requested by")),
        *_ORDER_TAIL,
    ],
    sort="-created",
    row=_order_row,
    filters=OrderFilters,
    empty=Empty(
        _("No orders yet"), _("What you request from the catalogue is listed here.")
    ),
)

ADMIN_ORDERS: Final[ListSpec[Order]] = ListSpec(
    name="orders",
    title=_("Orders"),
    purpose=_("What clients requested, and what became of it."),
    noun=ngettext_lazy("order", "orders"),
    columns=[
        _ORDER_HEAD,
        Column("tenant", _("Tenant"), card="more", sort="tenant__name", small=_("Group")),
        Column("requester", _("Requested by"), small=_("Fund account")),
        *_ORDER_TAIL,
    ],
    sort="-created",
    row=_admin_order_row,
    filters=AdminOrderFilters,
    empty=Empty(_("No orders yet"), _("What clients request is listed here.")),
)


# ---------------------------------------------------------------- resources


class ResourceFilters(ListFilters):
    """What people look for among their resources."""

    q = SearchFilter(
        contains=["name"], exact=["address"], placeholder=_("Name or exact address")
    )
    state = ChoiceFilter(choices=Instance.State.choices, label=_("State"))
    group = ModelChoiceFilter(
        field_name="business_group", queryset=_groups, label=_("Business group")
    )


@dataclass(frozen=True, slots=True)
class _Costs:
    """What a page of resources is shown with."""

    subscriptions: dict[int, Subscription]
    hourly: dict[int, Money]


def _costs(instances: Sequence[Instance], _request: Any) -> _Costs:
    found = queries.subscriptions_by_instance([instance.pk for instance in instances])
    ids = [subscription.pk for subscription in found.values() if subscription.is_hourly]
    return _Costs(found, queries.hourly_costs(ids, timezone.now()))


def _cost_cell(subscription: Subscription | None, costs: _Costs) -> Cell:
    if subscription is None or subscription.billed_until is not None:
        return cells.nothing()
    if subscription.is_hourly:
        price = costs.hourly.get(subscription.pk)
        return display.price_cell(price, Sale.HOURLY) if price else cells.nothing()
    return cells.text(gettext("Paid for the month"), small=_ends(subscription.term_until))


def _ends(until: datetime | None) -> Any:
    return moment_html(until) if until else ""


def _resource_row(instance: Instance, scope: RowScope) -> Row:
    costs: _Costs = scope.loaded
    subscription = costs.subscriptions.get(instance.pk)
    slug = scope.request.tenant.slug
    return Row(
        url=reverse("billing:view-resource", args=[slug, instance.pk]),
        name=instance.name,
        cells=[
            cells.text(instance.name, small=instance.business_group.name),
            cells.state(display.state_of_instance(instance)),
            cells.code(str(instance.address or "–")),
            cells.text(display.size_of(instance)),
            _cost_cell(subscription, costs),
            cells.moment(instance.created_at),
        ],
    )


RESOURCES: Final[ListSpec[Instance]] = ListSpec(
    name="resources",
    title=_("Resources"),
    purpose=_("What runs for your business groups, and what it costs."),
    noun=ngettext_lazy("resource", "resources"),
    columns=[
        Column("name", _("Name"), card="title", sort="name", small=_("Business group")),
        Column("state", _("State"), kind="state", card="state"),
        Column("address", _("Address"), kind="code", card="more"),
        Column("size", _("Size")),
        Column("cost", _("Cost"), kind="money", card="amount", small=_("For, or until")),
        Column("created", _("Requested"), kind="moment", card="note", sort="created_at"),
    ],
    sort="-created",
    row=_resource_row,
    load=_costs,
    filters=ResourceFilters,
    empty=Empty(
        _("Nothing runs yet"),
        _("What you request from the catalogue appears here."),
    ),
)


# ---------------------------------------------------------------- job runs


class RunFilters(ListFilters):
    """What operators look for among runs."""

    job = ChoiceFilter(choices=jobs_shown.CHOICES, label=_("Job"))
    state = ChoiceFilter(choices=JobRun.State.choices, label=_("State"))
    from_day = DayFromFilter("started_at", label=_("From"))
    to_day = DayToFilter("started_at", label=_("To (inclusive)"))
    pairs = (("from_day", "to_day"),)


def _run_row(run: JobRun, _scope: RowScope) -> Row:
    kind = gettext("dry run") if run.dry_run else run.started_by
    return Row(
        name=str(run),
        cells=[
            cells.text(jobs_shown.label_of(run.job), small=kind),
            cells.state(jobs_shown.state_of_run(run)),
            cells.moment(run.started_at),
            cells.text(jobs_shown.took(run)),
            cells.number(run.counted),
            cells.text(", ".join(jobs_shown.amounts_of(run)) or "–"),
            cells.text("; ".join(run.errors)[:300] or "–"),
        ],
    )


RUNS: Final[ListSpec[JobRun]] = ListSpec(
    name="runs",
    title=_("Run history"),
    purpose=_("What each run did, and what it could not do."),
    noun=ngettext_lazy("run", "runs"),
    columns=[
        Column("job", _("Job"), card="title", small=_("Started by")),
        Column("state", _("State"), kind="state", card="state"),
        Column("started", _("Started"), kind="moment", card="note", sort="started_at"),
        Column("took", _("Took"), card="amount"),
        Column("counted", _("Counted"), kind="number"),
        Column("amounts", _("Amounts"), card="more"),
        Column("errors", _("Errors")),
    ],
    sort="-started",
    row=_run_row,
    filters=RunFilters,
    empty=Empty(_("No runs yet"), _("Jobs run by themselves; each run is listed here.")),
)
