"""Fund accounts: opened, edited and deleted. None of it ever moves money."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions import audit
from accounts.models import BusinessGroup, Tenant, User
from cmp.lib.errors import DomainError, refusals
from cmp.lib.money import Money
from funds import queries
from funds.models import FundAccount, FundAccountGroup


class FundAccountRefused(DomainError):
    """A fund account cannot be so; `field` is the input that says why, if one does."""

    field: str | None = None


class NameTaken(FundAccountRefused):
    """Another active fund account of the tenant has this name."""

    field = "name"


class GroupRefused(FundAccountRefused):
    """A business group is missing, of another tenant, or pays from another account."""

    field = "groups"


class OwnerRefused(FundAccountRefused):
    """The owner is not a member of the tenant."""

    field = "owner"


class FundAccountInUse(FundAccountRefused):
    """Money, holds or business going on keep the fund account from being deleted."""


class FundAccountDeleted(FundAccountRefused):
    """The fund account was deleted; it can be read and nothing more."""


DeletionCheck = Callable[[int], str | None]
_deletion_checks: list[DeletionCheck] = []


def register_deletion_check(check: DeletionCheck) -> None:
    """Let a higher app refuse deletions: `check(account_id)` says why not, or None."""
    if check not in _deletion_checks:
        _deletion_checks.append(check)


@transaction.atomic
def open(  # noqa: PLR0913 (one keyword for each fact that a fund account starts with)
    *,
    actor: User,
    tenant_id: int,
    name: str,
    description: str,
    group_ids: Collection[int],
    owner_id: int,
    kind: str,
    at: datetime,
) -> FundAccount:
    """Open an empty fund account in the tenant's currency, with its two pots.

    Raises `NameTaken`, `GroupRefused` or `OwnerRefused`.
    """
    tenant = Tenant.objects.get(pk=tenant_id)
    groups = _groups(tenant, group_ids, account=None)
    _refuse_name(tenant, name, account=None)
    with _refused_by_the_database(tenant, name):
        account = FundAccount.objects.create(
            tenant=tenant,
            name=name.strip(),
            description=description.strip(),
            kind=kind,
            currency=tenant.currency,
            owner_id=owner_id,
            created_at=at,
        )
        _link(account, groups, at)
    audit.record(
        actor=actor,
        verb="fund_account.created",
        subject=_subject(account),
        after=_facts(account),
        tenant_id=tenant.pk,
        at=at,
    )
    return account


@transaction.atomic
def edit(
    *,
    actor: User,
    fund_account_id: int,
    name: str,
    description: str,
    group_ids: Collection[int],
    owner_id: int,
    at: datetime,
) -> FundAccount:
    """Change name, description, business groups and owner; never the balance.

    Raises `NameTaken`, `GroupRefused`, `OwnerRefused` or `FundAccountDeleted`.
    """
    account = _locked(fund_account_id)
    groups = _groups(account.tenant, group_ids, account=account)
    _refuse_name(account.tenant, name, account=account)
    before = _facts(account)
    with _refused_by_the_database(account.tenant, name):
        account.name, account.description = name.strip(), description.strip()
        account.owner_id = owner_id
        account.save(update_fields=["name", "description", "owner"])
        _unlink(account, keeping=groups, at=at)
        _link(account, groups, at)
    _record_change(actor, account, before, at)
    return account


@transaction.atomic
def set_credit_limit(
    *,
    actor: User,
    fund_account_id: int,
    credit_limit: Money,
    at: datetime,
    reason: str = "",
) -> FundAccount:
    """Let purchases of a postpaid or flexible account go this far below zero.

    Raises `FundAccountRefused` for a prepaid account or another currency.
    """
    account = _locked(fund_account_id)
    if account.is_prepaid and not credit_limit.is_zero:
        raise FundAccountRefused(_("A prepaid fund account has no credit limit."))
    if credit_limit.currency != account.currency or credit_limit.amount < 0:
        raise FundAccountRefused(
            _("The credit limit is an amount in %(currency)s.")
            % {"currency": account.currency}
        )
    before = _facts(account)
    account.credit_limit = credit_limit.amount
    account.save(update_fields=["credit_limit"])
    _record_change(actor, account, before, at, reason)
    return account


@transaction.atomic
def delete(*, actor: User, fund_account_id: int, at: datetime) -> FundAccount:
    """Delete an empty fund account with no business going on; its history stays.

    Raises `FundAccountInUse` with the reason, or `FundAccountDeleted`.
    """
    account = _locked(fund_account_id)
    reason = why_not_deletable(account)
    if reason is not None:
        raise FundAccountInUse(reason)
    before = _facts(account)
    moved_meanwhile = FundAccountInUse(_("Money has just moved; look again."))
    with refusals({"fund_account_ends_empty": moved_meanwhile}):
        _unlink(account, keeping=[], at=at)
        account.deleted_at = at
        account.save(update_fields=["deleted_at"])
    audit.record(
        actor=actor,
        verb="fund_account.deleted",
        subject=_subject(account),
        before=before,
        tenant_id=account.tenant_id,
        at=at,
    )
    return account


def why_not_deletable(account: FundAccount) -> str | None:
    """The reason for which this fund account cannot be deleted now, if there is one."""
    balance = queries.balance_of(account.pk)
    holds = queries.open_holds(account.pk).count()
    if holds:
        return _("%(held)s is on hold for an order in %(account)s.") % {
            "held": balance.held,
            "account": account,
        }
    if not balance.balance.is_zero:
        return _("There is %(balance)s in %(account)s; only an empty one can go.") % {
            "balance": balance.balance,
            "account": account,
        }
    reasons = (check(account.pk) for check in _deletion_checks)
    return next((reason for reason in reasons if reason is not None), None)


def _locked(fund_account_id: int) -> FundAccount:
    account = (
        FundAccount.objects.select_for_update(of=("self",), no_key=True)
        .select_related("tenant")
        .get(pk=fund_account_id)
    )
    if account.is_deleted:
        raise FundAccountDeleted(_("%(account)s is deleted.") % {"account": account})
    return account


def _refuse_name(tenant: Tenant, name: str, *, account: FundAccount | None) -> None:
    namesakes = FundAccount.objects.filter(
        tenant=tenant, name__iexact=name.strip(), deleted_at__isnull=True
    )
    if account is not None:
        namesakes = namesakes.exclude(pk=account.pk)
    if namesakes.exists():
        raise _name_taken(tenant, name)


def _name_taken(tenant: Tenant, name: str) -> NameTaken:
    return NameTaken(
        _("%(tenant)s already has a fund account called “%(name)s”. Choose another name.")
        % {"tenant": tenant.name, "name": name.strip()}
    )


def _groups(
    tenant: Tenant, group_ids: Collection[int], *, account: FundAccount | None
) -> list[BusinessGroup]:
    """The business groups, if all are this tenant's and free for this account."""
    groups = list(BusinessGroup.objects.filter(tenant=tenant, pk__in=group_ids))
    if not groups:
        raise GroupRefused(_("Choose at least one business group."))
    if len(groups) != len(set(group_ids)):
        raise GroupRefused(_("Choose business groups of %(tenant)s.") % {"tenant": tenant})
    paying = queries.accounts_by_group(tenant.pk)
    for group in groups:
        other = paying.get(group.pk)
        if other is not None and (account is None or other.pk != account.pk):
            raise GroupRefused(
                _(
                    "%(group)s already uses another active %(kind)s account, %(number)s. "
                    "Untick it here or take it out there first."
                )
                % {
                    "group": group.name,
                    "kind": other.get_kind_display().lower(),
                    "number": other.number,
                }
            )
    return groups


def _link(account: FundAccount, groups: Collection[BusinessGroup], at: datetime) -> None:
    linked = set(_links(account).values_list("business_group_id", flat=True))
    FundAccountGroup.objects.bulk_create(
        FundAccountGroup(
            fund_account=account,
            business_group=group,
            tenant_id=account.tenant_id,
            linked_at=at,
        )
        for group in groups
        if group.pk not in linked
    )


def _unlink(
    account: FundAccount, *, keeping: Collection[BusinessGroup], at: datetime
) -> None:
    _links(account).exclude(business_group__in=keeping).update(unlinked_at=at)


def _links(account: FundAccount) -> Any:
    return account.links.filter(unlinked_at__isnull=True)


def _refused_by_the_database(tenant: Tenant, name: str) -> Any:
    """What the checks above cannot see because somebody did it at the same moment."""
    return refusals(
        {
            "fund_account_name_is_unique_in_its_tenant": _name_taken(tenant, name),
            "fund_account_owner_is_a_member": OwnerRefused(
                _("The owner must be a member of %(tenant)s.") % {"tenant": tenant}
            ),
            "group_has_at_most_one_fund_account": GroupRefused(
                _("One of these business groups has just been given another fund account.")
            ),
            "fund_account_has_a_name": NameTaken(_("Give the fund account a name.")),
        }
    )


def _record_change(
    actor: User,
    account: FundAccount,
    before: dict[str, Any],
    at: datetime,
    reason: str = "",
) -> None:
    after = _facts(account)
    if after == before:
        return
    audit.record(
        actor=actor,
        verb="fund_account.changed",
        subject=_subject(account),
        before=before,
        after=after,
        tenant_id=account.tenant_id,
        reason=reason,
        at=at,
    )


def _facts(account: FundAccount) -> dict[str, Any]:
    owner = User.objects.get(pk=account.owner_id)
    return {
        "name": account.name,
        "description": account.description,
        "kind": account.kind,
        "owner": str(owner),
        "groups": queries.groups_by_account([account.pk]).get(account.pk, []),
        "credit_limit": str(Money(account.credit_limit, account.currency)),
    }


def _subject(account: FundAccount) -> str:
    return f"fund_account:{account.pk}"


__all__: Final = [
    "DeletionCheck",
    "FundAccountDeleted",
    "FundAccountInUse",
    "FundAccountRefused",
    "GroupRefused",
    "NameTaken",
    "OwnerRefused",
    "delete",
    "edit",
    "open",
    "register_deletion_check",
    "set_credit_limit",
    "why_not_deletable",
]
