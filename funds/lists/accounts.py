"""The lists of fund accounts of both portals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import access
from accounts import queries as accounts_queries
from accounts.access import Permission
from accounts.decorators import AdminRequest, UserRequest
from accounts.models import Tenant
from cmp.lib import cells
from cmp.lib.cells import Cell
from cmp.lib.display import State, Tone, Words
from cmp.lib.filters import ChoiceFilter, ListFilters, ModelChoiceFilter, SearchFilter
from cmp.lib.lists import Action, Column, Empty, ListSpec, Row, RowScope
from cmp.lib.money import Money
from funds import links, queries
from funds.models import FundAccount
from funds.queries import Balance


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What a page of accounts is shown with."""

    balances: dict[int, Balance]
    groups: dict[int, list[str]]
    may_edit: bool = False
    may_see_transactions: bool = False


def state_of(account: FundAccount, balance: Balance) -> State:
    if account.is_deleted:
        return State(_("Deleted"), Tone.IDLE, "trash")
    if balance.available.amount < -account.credit_limit:
        return State(_("Overdrawn"), Tone.BAD)
    return State(_("Active"), Tone.OK)


class StateFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """Active or deleted; unless asked, deleted accounts are left out."""

    def __init__(self) -> None:
        choices = [("deleted", _("Deleted")), ("any", _("Active and deleted"))]
        super().__init__(choices=choices, label=_("State"), empty_label=_("Active"))

    def filter(self, qs: QuerySet[FundAccount], value: str) -> QuerySet[FundAccount]:
        if value == "any":
            return qs
        return qs.filter(deleted_at__isnull=value != "deleted")


def _search() -> SearchFilter:
    return SearchFilter(
        contains=["name", "owner__name"],
        numbers={"FA": "id"},
        placeholder=_("Name, number, owner"),
    )


class AccountFilters(ListFilters):
    """By words, type and state."""

    q = _search()
    kind = ChoiceFilter(choices=FundAccount.Kind.choices, label=_("Type"))
    state = StateFilter()


def _tenants(request: AdminRequest) -> QuerySet[Tenant]:
    return accounts_queries.tenants_within(request.reach)


class AdminAccountFilters(ListFilters):
    """By words, tenant, type and state."""

    q = _search()
    tenant = ModelChoiceFilter(queryset=_tenants, label=_("Tenant"))
    kind = ChoiceFilter(choices=FundAccount.Kind.choices, label=_("Type"))
    state = StateFilter()


def _money_cells(account: FundAccount, loaded: _Loaded) -> list[Cell]:
    balance = loaded.balances[account.pk]
    return [
        cells.state(state_of(account, balance)),
        cells.money(balance.available),
        cells.money(balance.held),
        cells.moment(account.created_at),
    ]


def _name_cell(account: FundAccount) -> Cell:
    return cells.text(account.name, small=f"{account.number} · {kind_in_text(account)}")


def kind_in_text(account: FundAccount) -> str:
    """The type as it stands within a sentence."""
    return str(account.get_kind_display()).lower()


def _groups_of(account: FundAccount, loaded: _Loaded) -> str:
    return ", ".join(loaded.groups.get(account.pk, []))


def _admin_row(account: FundAccount, scope: RowScope) -> Row:
    loaded: _Loaded = scope.loaded
    tenant = cells.text(account.tenant.name, small=_groups_of(account, loaded))
    return Row(
        url=reverse("funds_admin:view-account", args=[account.pk]),
        name=account.name,
        cells=[
            _name_cell(account),
            tenant,
            cells.text(account.owner.name),
            *_money_cells(account, loaded),
        ],
        actions=_admin_actions(account, loaded),
    )


def _admin_actions(account: FundAccount, loaded: _Loaded) -> list[Action]:
    actions = []
    if loaded.may_edit and not account.is_deleted:
        edit = reverse("funds_admin:edit-account", args=[account.pk])
        actions.append(Action(_("Edit"), edit))
    if loaded.may_see_transactions:
        listed = reverse("funds_admin:list-transactions")
        actions.append(Action(_("Transactions"), f"{listed}?account={account.pk}"))
    if loaded.may_edit and not account.is_deleted:
        delete = reverse("funds_admin:delete-account", args=[account.pk])
        actions.append(Action(_("Delete"), delete, prompts=True))
    return actions


def _load_admin(shown: Sequence[FundAccount], request: AdminRequest) -> _Loaded:
    grants = access.grants_in_admin_portal(request.user)
    ids = [account.pk for account in shown]
    return _Loaded(
        queries.balances_of(ids),
        queries.groups_by_account(ids),
        may_edit=Permission.EDIT_FUND_ACCOUNTS in grants,
        may_see_transactions=Permission.VIEW_TRANSACTIONS in grants,
    )


def _totals(
    accounts: QuerySet[FundAccount], _request: Any
) -> list[tuple[Words, Sequence[Money]]]:
    sums = queries.available_by_currency(accounts)
    return [(_("Available in all of these"), sums)] if sums else []


_NUMBER_AND_TYPE: Final = _("Number and type")
_MONEY_COLUMNS: Final = [
    Column("state", _("State"), kind="state", card="state"),
    Column("available", _("Available"), kind="money", card="amount"),
    Column("held", _("Held"), kind="money"),
    Column("created", _("Created"), kind="moment", sort="created_at"),
]

ADMIN_ACCOUNTS: ListSpec[FundAccount] = ListSpec(
    name="fund-accounts",
    title=_("Fund accounts"),
    purpose=_(
        "Each holds the money of one tenant in one currency for its business groups."
    ),
    noun=ngettext_lazy("fund account", "fund accounts"),
    columns=[
        Column(
            "name", _("Fund account"), card="title", sort="name", small=_NUMBER_AND_TYPE
        ),
        Column("tenant", _("Tenant"), card="note", small=_("Business groups")),
        Column("owner", _("Owner")),
        *_MONEY_COLUMNS,
    ],
    sort="-created",
    row=_admin_row,
    load=_load_admin,
    filters=AdminAccountFilters,
    totals=_totals,
    empty=Empty(
        _("No fund accounts yet"),
        _("A fund account holds a tenant’s money. Its owner recharges it."),
    ),
)


def _row(account: FundAccount, scope: RowScope) -> Row:
    request: UserRequest = scope.request
    loaded: _Loaded = scope.loaded
    slug = request.tenant.slug
    listed = reverse("funds:list-transactions", args=[slug])
    actions = [Action(_("Transactions"), f"{listed}?account={account.pk}")]
    recharge = links.recharge_url(request.user, request.tenant, account)
    if recharge:
        actions.insert(0, Action(_("Recharge"), recharge))
    return Row(
        url=reverse("funds:view-account", args=[slug, account.pk]),
        name=account.name,
        cells=[
            _name_cell(account),
            cells.text(_groups_of(account, loaded)),
            cells.text(account.owner.name),
            *_money_cells(account, loaded),
        ],
        actions=actions,
    )


def _load(shown: Sequence[FundAccount], _request: UserRequest) -> _Loaded:
    ids = [account.pk for account in shown]
    return _Loaded(queries.balances_of(ids), queries.groups_by_account(ids))


ACCOUNTS: ListSpec[FundAccount] = ListSpec(
    name="fund-accounts",
    title=_("Fund accounts"),
    purpose=_("The money that your business groups request resources with."),
    noun=ngettext_lazy("fund account", "fund accounts"),
    columns=[
        Column(
            "name", _("Fund account"), card="title", sort="name", small=_NUMBER_AND_TYPE
        ),
        Column("groups", _("Business groups")),
        Column("owner", _("Owner"), card="note"),
        *_MONEY_COLUMNS,
    ],
    sort="-created",
    row=_row,
    load=_load,
    filters=AccountFilters,
    totals=_totals,
    empty=Empty(
        _("No fund accounts yet"),
        _("An administrator of your tenant opens fund accounts and names their owners."),
    ),
)
