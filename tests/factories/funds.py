"""Fund accounts and money in them: made by their actions, as everything with a life is."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from accounts.models import BusinessGroup, Tenant
from cmp.lib.money import Money
from funds import queries
from funds.actions import fund_accounts, holds, ledger, recharges_in
from funds.models import FundAccount
from funds.types import Kind, Movement, Posted, PotKind
from tests.factories.accounts import BusinessGroupFactory, MembershipFactory

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
_numbers = itertools.count(1)


def open_account(
    tenant: Tenant,
    *,
    name: str = "",
    kind: str = FundAccount.Kind.PREPAID,
    groups: list[BusinessGroup] | None = None,
    credit_limit: str = "0",
    at: datetime = AT,
    **facts: Any,
) -> FundAccount:
    """A fund account with a new owner and a new business group, unless given."""
    owner = facts.pop("owner", None) or MembershipFactory.create(tenant=tenant).user
    groups = groups or [BusinessGroupFactory.create(tenant=tenant)]
    account = fund_accounts.open(
        actor=owner,
        tenant_id=tenant.pk,
        name=name or f"Account {next(_numbers)}",
        description="",
        group_ids=[group.pk for group in groups],
        owner_id=owner.pk,
        kind=kind,
        at=at,
        **facts,
    )
    if Decimal(credit_limit):
        account = fund_accounts.set_credit_limit(
            actor=owner,
            fund_account_id=account.pk,
            credit_limit=Money(Decimal(credit_limit), account.currency),
            at=at,
        )
    return account


def money(account: FundAccount, amount: str) -> Money:
    return Money(Decimal(amount), account.currency)


def put_in(
    account: FundAccount, amount: str, *, number: int | None = None, at: datetime = AT
) -> Posted:
    """Recharge the account."""
    number = number or 1_000_000 + next(_numbers)
    return recharges_in.credit(
        fund_account_id=account.pk,
        amount=money(account, amount),
        reference=f"recharge:{number}",
        key=f"recharge:{number}:credit",
        at=at,
    )


def hold(
    account: FundAccount, amount: str, *, order: int | None = None, at: datetime = AT
) -> Posted:
    """Set money of the account aside for an order."""
    order = order or 1_000_000 + next(_numbers)
    return holds.place(
        fund_account_id=account.pk,
        amount=money(account, amount),
        reference=f"order:{order}",
        key=f"order:{order}:hold",
        at=at,
    )


def purchase(
    account: FundAccount,
    amount: str,
    *,
    kind: Kind = Kind.PURCHASE,
    order: int | None = None,
    at: datetime = AT,
) -> Movement:
    """A movement from the account to revenue, to be posted."""
    order = order or 1_000_000 + next(_numbers)
    return Movement(
        source_id=queries.available_pot_id(account.pk),
        target_id=ledger.system_pot_id(PotKind.REVENUE, account.currency),
        amount=money(account, amount),
        kind=kind,
        tenant_id=account.tenant_id,
        reference=f"order:{order}",
        key=f"order:{order}:purchase",
        at=at,
    )
