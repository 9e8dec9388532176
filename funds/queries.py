"""Reads about fund accounts and transactions, for screens, actions and higher apps."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum

from accounts import access
from accounts.access import Grants, Permission, Reach
from accounts.models import Tenant, User
from cmp.lib.money import Money
from funds.models import (
    OWNER_GRANTS,
    FundAccount,
    FundAccountGroup,
    Pot,
    PotBalance,
    Transaction,
)
from funds.types import Kind, PotKind


@dataclass(frozen=True, slots=True)
class Balance:
    """What is in a fund account; `balance` is available plus held."""

    available: Money
    held: Money

    @property
    def balance(self) -> Money:
        return self.available + self.held


@dataclass(frozen=True, slots=True)
class Pots:
    """The two pots of a fund account."""

    available_id: int
    held_id: int
    tenant_id: int
    currency: str


# ---------------------------------------------------------------- who sees what


def grants_of_owner(user_id: int, tenant_id: int) -> Grants:
    """What somebody may do in a tenant because they own a fund account there."""
    owns = FundAccount.objects.filter(
        owner_id=user_id, tenant_id=tenant_id, deleted_at__isnull=True
    ).exists()
    return OWNER_GRANTS if owns else frozenset()


def accounts_visible_to(
    actor: User, tenant: Tenant, *, with_deleted: bool = False
) -> QuerySet[FundAccount]:
    """All of the tenant's for whoever may view them by role, else the actor's own."""
    return _visible(actor, tenant, Permission.VIEW_FUND_ACCOUNTS, with_deleted=with_deleted)


def accounts_within(reach: Reach, *, with_deleted: bool = False) -> QuerySet[FundAccount]:
    accounts = reach.limit(FundAccount.objects.all())
    if not with_deleted:
        accounts = accounts.filter(deleted_at__isnull=True)
    return accounts.select_related("tenant", "owner")


def get_account_visible_to(actor: User, tenant: Tenant, account_id: int) -> FundAccount:
    """One account, deleted ones too; raises `FundAccount.DoesNotExist`."""
    return accounts_visible_to(actor, tenant, with_deleted=True).get(pk=account_id)


def get_account_within(reach: Reach, account_id: int) -> FundAccount:
    """One account, deleted ones too; raises `FundAccount.DoesNotExist`."""
    return accounts_within(reach, with_deleted=True).get(pk=account_id)


def transactions_visible_to(actor: User, tenant: Tenant) -> QuerySet[Transaction]:
    """All of the tenant's for whoever may view them by role, else of own accounts."""
    transactions = _with_accounts(Transaction.objects.filter(tenant_id=tenant.pk))
    if Permission.VIEW_TRANSACTIONS in access.role_grants(actor, tenant.pk):
        return transactions
    own = Pot.objects.filter(fund_account__owner=actor, fund_account__tenant=tenant)
    return transactions.filter(of_pots(own.values_list("pk", flat=True)))


def transactions_within(reach: Reach) -> QuerySet[Transaction]:
    return _with_accounts(reach.limit(Transaction.objects.all()))


def transactions_of(account: FundAccount) -> QuerySet[Transaction]:
    pots = Pot.objects.filter(fund_account=account).values_list("pk", flat=True)
    return _with_accounts(Transaction.objects.filter(of_pots(list(pots))))


def of_pots(pot_ids: Collection[int] | QuerySet[Pot, int]) -> Q:
    """Transactions that touch one of these pots."""
    return Q(source_id__in=pot_ids) | Q(target_id__in=pot_ids)


def transaction_by_number(
    number: str, within: QuerySet[Transaction] | None = None
) -> Transaction:
    """The transaction `T-<id>`; raises `Transaction.DoesNotExist`."""
    digits = number.removeprefix("T-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise Transaction.DoesNotExist
    among = _with_accounts(Transaction.objects.all()) if within is None else within
    return among.get(pk=int(digits))


# ---------------------------------------------------------------- what is in them


def balance_of(account_id: int) -> Balance:
    """What is in the account now; raises `FundAccount.DoesNotExist`."""
    found = balances_of([account_id])
    if account_id not in found:
        raise FundAccount.DoesNotExist
    return found[account_id]


def balances_of(account_ids: Collection[int]) -> dict[int, Balance]:
    """What is in each account now, in one query."""
    amounts: dict[int, dict[int, Money]] = {}
    rows = PotBalance.objects.filter(pot__fund_account_id__in=account_ids).values_list(
        "pot__fund_account_id", "pot__kind", "pot__currency", "balance"
    )
    for account_id, kind, currency, amount in rows:
        assert account_id is not None
        amounts.setdefault(account_id, {})[kind] = Money(amount, currency)
    return {
        account_id: Balance(pots[PotKind.AVAILABLE], pots[PotKind.HELD])
        for account_id, pots in amounts.items()
    }


def pots_of(account_id: int) -> Pots:
    """The account's pots; raises `FundAccount.DoesNotExist`."""
    pots = {pot.kind: pot for pot in Pot.objects.filter(fund_account_id=account_id)}
    if not pots:
        raise FundAccount.DoesNotExist
    available, held = pots[PotKind.AVAILABLE], pots[PotKind.HELD]
    return Pots(available.pk, held.pk, available.tenant_id, available.currency)


def available_pot_id(account_id: int) -> int:
    """Raises `FundAccount.DoesNotExist`."""
    return pots_of(account_id).available_id


def account_of_pot(pot_id: int) -> FundAccount:
    """The fund account whose pot this is; raises `FundAccount.DoesNotExist`."""
    return FundAccount.objects.select_related("tenant", "owner").get(pots__pk=pot_id)


def account_of_group(group_id: int) -> FundAccount | None:
    """The active fund account that a business group pays from, if any."""
    return (
        FundAccount.objects.filter(
            links__business_group_id=group_id,
            links__unlinked_at__isnull=True,
            deleted_at__isnull=True,
        )
        .select_related("tenant", "owner")
        .first()
    )


def accounts_by_group(tenant_id: int) -> Mapping[int, FundAccount]:
    """For each business group of a tenant that has one, its active fund account."""
    links = FundAccountGroup.objects.filter(
        tenant_id=tenant_id, unlinked_at__isnull=True
    ).select_related("fund_account")
    return {link.business_group_id: link.fund_account for link in links}


def group_ids_of(account_id: int) -> list[int]:
    """The business groups that pay from an account now."""
    links = FundAccountGroup.objects.filter(
        fund_account_id=account_id, unlinked_at__isnull=True
    )
    return list(links.values_list("business_group_id", flat=True))


def groups_by_account(account_ids: Collection[int]) -> dict[int, list[str]]:
    """Names of the business groups that pay from each account now, or did at its end."""
    links = (
        FundAccountGroup.objects.filter(fund_account_id__in=account_ids)
        .filter(Q(unlinked_at__isnull=True) | Q(unlinked_at=F("fund_account__deleted_at")))
        .select_related("business_group")
        .order_by("business_group__name")
    )
    names: dict[int, list[str]] = {}
    for link in links:
        names.setdefault(link.fund_account_id, []).append(link.business_group.name)
    return names


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """What a period did to some fund accounts; opening + income − expenditure = closing."""

    opening: Money
    income: Money
    expenditure: Money
    closing: Money


def period_figures(
    accounts: QuerySet[FundAccount], currency: str, start: datetime, end: datetime
) -> PeriodFigures:
    """The figures of a half-open period, counted back from what is there now.

    One statement, so that they add up while money moves. Holds stay within and are left
    out. All accounts must be of this currency.
    """
    account_ids = list(accounts.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_PERIOD, {"accounts": account_ids, "start": start, "end": end})
        now, since, income, expenditure = cursor.fetchone()
    opening = Money(now - since, currency)
    came, went = Money(income, currency), Money(expenditure, currency)
    return PeriodFigures(opening, came, went, opening + came - went)


_PERIOD: Final = """
WITH pots AS MATERIALIZED (
  SELECT p.id, p.tenant_id, b.balance
    FROM funds_pot p JOIN funds_potbalance b ON b.pot_id = p.id
   WHERE p.fund_account_id = ANY(%(accounts)s::bigint[])),
moved AS (
  SELECT occurred_at, amount AS delta FROM funds_transaction
   WHERE tenant_id IN (SELECT tenant_id FROM pots) AND occurred_at >= %(start)s
     AND target_id IN (SELECT id FROM pots) AND source_version IS NULL
  UNION ALL
  SELECT occurred_at, -amount FROM funds_transaction
   WHERE tenant_id IN (SELECT tenant_id FROM pots) AND occurred_at >= %(start)s
     AND source_id IN (SELECT id FROM pots) AND target_version IS NULL)
SELECT (SELECT coalesce(sum(balance), 0) FROM pots), coalesce(sum(delta), 0),
       coalesce(sum(delta) FILTER (WHERE delta > 0 AND occurred_at < %(end)s), 0),
       coalesce(sum(-delta) FILTER (WHERE delta < 0 AND occurred_at < %(end)s), 0)
  FROM moved"""


def available_by_currency(accounts: QuerySet[FundAccount]) -> list[Money]:
    """What is available in all of these accounts together, for each currency."""
    sums = (
        PotBalance.objects.filter(
            pot__fund_account__in=accounts.values("pk"), pot__kind=PotKind.AVAILABLE
        )
        .values_list("pot__currency")
        .annotate(total=Sum("balance"))
        .order_by("pot__currency")
    )
    return [Money(total, currency) for currency, total in sums]


def related_to(transaction: Transaction) -> list[Transaction]:
    """What undid this transaction, or what this one undid."""
    undone = Transaction.objects.filter(Q(reverses=transaction) | Q(reversals=transaction))
    return list(undone.order_by("id"))


def open_holds(account_id: int) -> QuerySet[Transaction]:
    """Holds not yet released, captured or expired, oldest first."""
    return Transaction.objects.filter(
        source__fund_account_id=account_id, kind=Kind.HOLD, reversals__isnull=True
    ).order_by("id")


# ---------------------------------------------------------------- inside


def _visible(
    actor: User, tenant: Tenant, permission: Permission, *, with_deleted: bool
) -> QuerySet[FundAccount]:
    accounts = FundAccount.objects.filter(tenant=tenant).select_related("tenant", "owner")
    if not with_deleted:
        accounts = accounts.filter(deleted_at__isnull=True)
    if permission in access.role_grants(actor, tenant.pk):
        return accounts
    return accounts.filter(owner=actor)


def _with_accounts(transactions: QuerySet[Transaction]) -> QuerySet[Transaction]:
    return transactions.select_related(
        "source__fund_account__tenant", "target__fund_account__tenant"
    )
