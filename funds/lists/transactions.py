"""The lists of transactions of both portals: filters, rows and the figures above."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import queries as accounts_queries
from accounts.decorators import AdminRequest, UserRequest
from accounts.models import BusinessGroup, Tenant
from cmp.lib import cells
from cmp.lib.cells import Cell
from cmp.lib.clock import HOUR
from cmp.lib.display import Words, day_text
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
from cmp.lib.lists import Column, Empty, Figure, ListSpec, Row, RowScope
from funds import queries, stories
from funds.models import FundAccount, Pot, Transaction
from funds.types import WITHIN_KINDS, Kind

_INCOME: Final = Q(source_version__isnull=True, target_version__isnull=False)
_EXPENDITURE: Final = Q(source_version__isnull=False, target_version__isnull=True)

# ---------------------------------------------------------------- filters


class NumberFilter(SearchFilter):
    """By a number as screens show it: of the transaction, or of what caused it."""

    def __init__(self) -> None:
        super().__init__(numbers={"T": "id"}, placeholder=_("T-81, RC-12, OR-7"))

    def filter(self, qs: QuerySet[Transaction], value: str) -> QuerySet[Transaction]:
        reference = stories.reference_of(value or "")
        if reference:
            return qs.filter(reference=reference)
        return super().filter(qs, value)


class AccountFilter(ModelChoiceFilter):  # type: ignore[misc]
    """Transactions of one fund account."""

    def filter(
        self, qs: QuerySet[Transaction], value: FundAccount | None
    ) -> QuerySet[Transaction]:
        if value is None:
            return qs
        return qs.filter(queries.of_pots(_pots(fund_account=value)))


class GroupFilter(ModelChoiceFilter):  # type: ignore[misc]
    """Transactions of the fund accounts that a business group pays or paid from."""

    def filter(
        self, qs: QuerySet[Transaction], value: BusinessGroup | None
    ) -> QuerySet[Transaction]:
        if value is None:
            return qs
        return qs.filter(queries.of_pots(_pots(fund_account__links__business_group=value)))


def _pots(**of: Any) -> list[int]:
    return list(Pot.objects.filter(**of).values_list("pk", flat=True))


class DirectionFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """Money that came in or went out."""

    def __init__(self) -> None:
        choices = [("income", _("Income")), ("expenditure", _("Expenditure"))]
        super().__init__(choices=choices, label=_("Direction"))

    def filter(self, qs: QuerySet[Transaction], value: str) -> QuerySet[Transaction]:
        if value == "income":
            return qs.filter(_INCOME)
        return qs.filter(_EXPENDITURE) if value == "expenditure" else qs


class HoldsFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """Holds and their ends are listed on request: they change no balance."""

    def __init__(self) -> None:
        choices = [("shown", _("Listed too")), ("only", _("Nothing else"))]
        super().__init__(choices=choices, label=_("Holds"), empty_label=_("Left out"))

    def filter(self, qs: QuerySet[Transaction], value: str) -> QuerySet[Transaction]:
        if value == "shown":
            return qs
        if value == "only":
            return qs.filter(kind__in=WITHIN_KINDS)
        return qs.exclude(kind__in=WITHIN_KINDS)


class ChannelFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """Recharges that came by one payment channel."""

    def filter(self, qs: QuerySet[Transaction], value: str) -> QuerySet[Transaction]:
        source = stories.channel_filter()
        if not value or source is None:
            return qs
        return qs.filter(reference__in=source.references(int(value)))


_KINDS: Final = [(str(k.value), k.label) for k in Kind if k not in WITHIN_KINDS]


class _Filters(ListFilters):
    q = NumberFilter()
    direction = DirectionFilter()
    day_from = DayFromFilter("occurred_at", label=_("From"))
    day_to = DayToFilter("occurred_at", label=_("To (inclusive)"))
    kind = ChoiceFilter(choices=_KINDS, label=_("Kind"))
    channel = ChannelFilter(label=_("Payment channel"))
    holds = HoldsFilter()
    least = LeastAmountFilter("amount", label=_("Amount from"))
    most = MostAmountFilter("amount", label=_("Amount to"))
    pairs = (("day_from", "day_to"), ("least", "most"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        source = stories.channel_filter()
        if source is None:
            del self.filters["channel"]
            return
        tenant = getattr(self.request, "tenant", None)
        tenant_ids = frozenset({tenant.pk}) if tenant else self.request.reach.tenant_ids
        self.filters["channel"].extra["choices"] = source.choices(tenant_ids)


def _accounts_shown(request: UserRequest) -> QuerySet[FundAccount]:
    """What the viewer sees, decided once in a request; the query itself stays lazy."""
    shown: QuerySet[FundAccount] | None = getattr(request, "fund_accounts_shown", None)
    if shown is None:
        shown = queries.accounts_visible_to(
            request.user, request.tenant, with_deleted=True
        ).order_by("name")
        request.fund_accounts_shown = shown  # type: ignore[attr-defined]
    return shown.all()


def _groups_shown(request: UserRequest) -> QuerySet[BusinessGroup]:
    accounts = _accounts_shown(request)
    groups = accounts_queries.groups_of(request.tenant.pk)
    return groups.filter(fund_links__fund_account__in=accounts).distinct()


class TransactionFilters(_Filters):
    """Within one tenant: by account, direction, days, kind, group, amount."""

    account = AccountFilter(queryset=_accounts_shown, label=_("Fund account"))
    group = GroupFilter(queryset=_groups_shown, label=_("Business group"))
    in_view = ("q", "account", "direction", "day_from", "day_to")


def _tenants(request: AdminRequest) -> QuerySet[Tenant]:
    return accounts_queries.tenants_within(request.reach)


def _accounts_within(request: AdminRequest) -> QuerySet[FundAccount]:
    return queries.accounts_within(request.reach, with_deleted=True).order_by("name")


class AdminTransactionFilters(_Filters):
    """Over the tenants within reach."""

    tenant = ModelChoiceFilter("tenant_id", queryset=_tenants, label=_("Tenant"))
    account = AccountFilter(queryset=_accounts_within, label=_("Fund account"))
    in_view = ("q", "tenant", "direction", "day_from", "day_to")


# ---------------------------------------------------------------- rows


def direction_of(transaction: Transaction) -> Words:
    if transaction.is_income:
        return _("Income")
    if transaction.is_expenditure:
        return _("Expenditure")
    if transaction.is_within:
        return _("Within the account")
    return _("Between system pots")


def cause_of(transaction: Transaction) -> str:
    """What caused it, in short: a number, or the hour that was charged."""
    if transaction.kind == Kind.HOURLY_USAGE:
        end = timezone.localtime(transaction.occurred_at)
        return f"{end - HOUR:%H:%M}–{end:%H:%M}"
    return stories.number_of(transaction.reference)


def _what(transaction: Transaction) -> Cell:
    direction, cause = direction_of(transaction), cause_of(transaction)
    small = format_html("{} · <bdi>{}</bdi>", direction, cause) if cause else direction
    plain = f"{direction} · {cause}" if cause else str(direction)
    shown = cells.text(transaction.get_kind_display(), small=small)
    return Cell(shown.main, shown.plain, shown.small, plain)


def _common_cells(transaction: Transaction, channels: dict[str, str]) -> list[Cell]:
    account, after = transaction.fund_account, transaction.available_after
    # Money between two system pots neither comes nor goes for anybody.
    signed = account is not None
    channel = channels.get(transaction.reference, "")
    return [
        cells.moment(transaction.occurred_at),
        _what(transaction),
        cells.code(transaction.number, small=account.name if account else ""),
        cells.text(channel) if channel else cells.nothing(),
        cells.money(transaction.change, signed=signed),
        cells.nothing() if after is None else cells.money(after),
    ]


def _row(transaction: Transaction, scope: RowScope) -> Row:
    slug = scope.request.tenant.slug
    return Row(
        url=reverse("funds:view-transaction", args=[slug, transaction.pk]),
        name=transaction.number,
        cells=_common_cells(transaction, scope.loaded),
    )


def _admin_row(transaction: Transaction, scope: RowScope) -> Row:
    account = transaction.fund_account
    tenant = cells.text(account.tenant.name) if account else cells.nothing()
    shown = _common_cells(transaction, scope.loaded)
    return Row(
        url=reverse("funds_admin:view-transaction", args=[transaction.pk]),
        name=transaction.number,
        cells=[*shown[:2], tenant, *shown[2:]],
    )


def _load(shown: Sequence[Transaction], _request: Any) -> dict[str, str]:
    return stories.channels_of([transaction.reference for transaction in shown])


# ---------------------------------------------------------------- figures


@dataclass(frozen=True, slots=True)
class Period:
    """The days that the figures are about; without `until` they reach to now."""

    since: date
    until: date | None

    @classmethod
    def of(cls, first: date | None, last: date | None) -> "Period":
        """The days asked for; without a first one, from the start of that month."""
        if first and last and last < first:
            return cls(first, None)
        return cls(first or (last or timezone.localdate()).replace(day=1), last)

    @property
    def start(self) -> datetime:
        return _midnight(self.since)

    @property
    def end(self) -> datetime:
        last = self.until or date(9000, 1, 1)
        return _midnight(last + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _figures(_filtered: QuerySet[Transaction], request: UserRequest) -> Sequence[Figure]:
    """Opening, income, expenditure and closing of the accounts and days chosen.

    Other filters narrow the list only, or the four would not add up.
    """
    chosen = _chosen(request)
    period = Period.of(chosen.get("day_from"), chosen.get("day_to"))
    accounts = _accounts_shown(request)
    if account := chosen.get("account"):
        accounts = accounts.filter(pk=account.pk)
    if group := chosen.get("group"):
        accounts = accounts.filter(links__business_group=group)
    if not accounts.exists():
        return ()
    found = queries.period_figures(
        accounts, request.tenant.currency, period.start, period.end
    )
    opened = __("Balance on %(day)s") % {"day": day_text(period.since)}
    closed = __("Balance now")
    if period.until:
        closed = __("Balance after %(day)s") % {"day": day_text(period.until)}
    return [
        Figure(opened, found.opening),
        Figure(_("Income"), found.income, signed=True),
        Figure(_("Expenditure"), -found.expenditure, signed=True),
        Figure(closed, found.closing),
    ]


def _chosen(request: UserRequest) -> dict[str, Any]:
    """The filter values that could be understood."""
    filters = TransactionFilters(request.GET, Transaction.objects.none(), request=request)
    form: forms.Form = filters.form
    form.full_clean()
    return form.cleaned_data


# ---------------------------------------------------------------- the two lists

_WHEN_AND_WHAT: Final = [
    Column("time", _("Time"), kind="moment", card="note", sort="occurred_at"),
    Column("what", _("What"), card="title", small=_("Direction and cause")),
]
_THE_REST: Final = [
    Column("number", _("Number"), kind="code", small=_("Fund account")),
    Column("channel", _("Payment channel")),
    Column("amount", _("Amount"), kind="money", card="amount", sort="amount"),
    Column("after", _("Available after"), kind="money", card="state"),
]
_NOUN: Final = ngettext_lazy("transaction", "transactions")
_EMPTY: Final = Empty(
    _("No transactions yet"),
    _("Every recharge, purchase and deduction is listed here from the first one on."),
)

TRANSACTIONS: ListSpec[Transaction] = ListSpec(
    name="transactions",
    title=_("Transactions"),
    purpose=_("Every movement of money, newest first. Open one to see how it came about."),
    noun=_NOUN,
    columns=[*_WHEN_AND_WHAT, *_THE_REST],
    sort="-time",
    row=_row,
    load=_load,
    filters=TransactionFilters,
    figures=_figures,
    empty=_EMPTY,
)

ADMIN_TRANSACTIONS: ListSpec[Transaction] = ListSpec(
    name="transactions",
    title=_("Transactions"),
    purpose=_("Every movement of money of the tenants you see; none can be changed."),
    noun=_NOUN,
    columns=[*_WHEN_AND_WHAT, Column("tenant", _("Tenant")), *_THE_REST],
    sort="-time",
    row=_admin_row,
    load=_load,
    filters=AdminTransactionFilters,
    empty=_EMPTY,
)
