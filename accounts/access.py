"""Access: the only module that decides who may do what.

Rights come from three sources: the staff role (reaches every tenant), the membership's
role (reaches its own tenant) and personal grants that a higher app knows of, such as
owning a fund account. Nothing grants by default.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeVar, runtime_checkable

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet

from accounts.models import Membership, Tenant, User


class Permission(StrEnum):
    """What can be allowed: a verb and what it is done to."""

    USE_PORTAL = "use_portal"
    VIEW_TENANTS = "view_tenants"
    EDIT_TENANTS = "edit_tenants"
    VIEW_PEOPLE = "view_people"
    EDIT_PEOPLE = "edit_people"
    VIEW_FUND_ACCOUNTS = "view_fund_accounts"
    EDIT_FUND_ACCOUNTS = "edit_fund_accounts"
    VIEW_CHANNELS = "view_channels"
    EDIT_CHANNELS = "edit_channels"
    VIEW_RECHARGES = "view_recharges"
    RECHARGE = "recharge"
    VIEW_TRANSACTIONS = "view_transactions"
    VIEW_PRICES = "view_prices"
    EDIT_PRICES = "edit_prices"
    VIEW_ORDERS = "view_orders"
    REQUEST_RESOURCES = "request_resources"
    VIEW_RESOURCES = "view_resources"
    VIEW_JOBS = "view_jobs"
    RUN_JOBS = "run_jobs"
    VIEW_FEATURES = "view_features"
    EDIT_FEATURES = "edit_features"
    VIEW_AUDIT = "view_audit"


Grants = frozenset[Permission]
_M = TypeVar("_M", bound=Model)
_P = Permission
EVERY_VIEW: Final[Grants] = frozenset(p for p in _P if p.name.startswith("VIEW_"))

STAFF_GRANTS: Final[dict[str, Grants]] = {
    User.StaffRole.PLATFORM_ADMIN: frozenset(_P) - {_P.USE_PORTAL, _P.RECHARGE},
    User.StaffRole.BILLING_ADMIN: EVERY_VIEW
    | {
        _P.EDIT_FUND_ACCOUNTS,
        _P.EDIT_CHANNELS,
        _P.EDIT_PRICES,
        _P.RUN_JOBS,
        _P.EDIT_PEOPLE,
    },
    User.StaffRole.SUPPORT: EVERY_VIEW - {_P.VIEW_AUDIT, _P.VIEW_CHANNELS},
    User.StaffRole.AUDITOR: EVERY_VIEW,
}

_MEMBER: Final[Grants] = frozenset(
    {_P.USE_PORTAL, _P.REQUEST_RESOURCES, _P.VIEW_ORDERS, _P.VIEW_RESOURCES}
)
ROLE_GRANTS: Final[dict[str, Grants]] = {
    Membership.Role.TENANT_ADMIN: _MEMBER
    | {
        _P.VIEW_PEOPLE,
        _P.EDIT_PEOPLE,
        _P.VIEW_FUND_ACCOUNTS,
        _P.EDIT_FUND_ACCOUNTS,
        _P.VIEW_CHANNELS,
        _P.EDIT_CHANNELS,
        _P.VIEW_RECHARGES,
        _P.VIEW_TRANSACTIONS,
    },
    Membership.Role.BILLING_MANAGER: _MEMBER
    | {_P.VIEW_FUND_ACCOUNTS, _P.VIEW_RECHARGES, _P.VIEW_TRANSACTIONS},
    Membership.Role.MEMBER: _MEMBER,
    Membership.Role.VIEWER: frozenset({_P.USE_PORTAL, _P.VIEW_ORDERS, _P.VIEW_RESOURCES}),
}


@dataclass(frozen=True)
class Platform:
    """The scope above all tenants."""


PLATFORM: Final = Platform()


@runtime_checkable
class TenantOwned(Protocol):
    """An object of one tenant."""

    @property
    def tenant_id(self) -> int: ...


@runtime_checkable
class Personal(Protocol):
    """An object that gives rights to certain people by itself."""

    def personal_permissions(self, user_id: int) -> Grants: ...


@dataclass(frozen=True)
class Reach:
    """The tenants that somebody in the admin portal sees; None means every tenant."""

    tenant_ids: frozenset[int] | None

    def limit(self, queryset: QuerySet[_M], field: str = "tenant_id") -> QuerySet[_M]:
        if self.tenant_ids is None:
            return queryset
        return queryset.filter(**{f"{field}__in": self.tenant_ids})

    def covers(self, tenant_id: int | None) -> bool:
        return self.tenant_ids is None or tenant_id in self.tenant_ids


GrantSource = Callable[[int, int], Grants]
_grant_sources: list[GrantSource] = []


def register_grant_source(source: GrantSource) -> None:
    """Let a higher app say what (user id, tenant id) is granted by objects it owns."""
    if source not in _grant_sources:
        _grant_sources.append(source)


def allows(
    actor: User, permission: Permission, scope: Platform | Tenant | TenantOwned
) -> bool:
    """Whether `actor` may do this within `scope`.

    On a tenant, a right that the actor has on some object of it counts (the page opens
    and lists those objects); on an object, only rights on that very object do.
    """
    return permission in grants_of(actor, scope)


def demand(
    actor: User, permission: Permission, scope: Platform | Tenant | TenantOwned
) -> None:
    """Raise `PermissionDenied` (403) unless `allows`."""
    if not allows(actor, permission, scope):
        raise PermissionDenied


def role_grants(actor: User, tenant_id: int) -> Grants:
    """What staff and membership roles give in a tenant, without personal grants."""
    if not actor.is_active:
        return frozenset()
    staff = STAFF_GRANTS.get(actor.staff_role, frozenset())
    role = (
        Membership.objects.filter(user=actor, tenant_id=tenant_id)
        .values_list("role", flat=True)
        .first()
    )
    return staff | ROLE_GRANTS.get(role or "", frozenset())


def tenants_administered(actor: User) -> frozenset[int]:
    """Ids of the tenants in which the actor is tenant administrator."""
    if not actor.is_active:
        return frozenset()
    return frozenset(
        Membership.objects.filter(
            user=actor, role=Membership.Role.TENANT_ADMIN
        ).values_list("tenant_id", flat=True)
    )


def grants_in_admin_portal(actor: User) -> Grants:
    """What the actor may do somewhere in the admin portal, for its menus and buttons."""
    if actor.is_active and tenants_administered(actor):
        administered = ROLE_GRANTS[Membership.Role.TENANT_ADMIN]
        return grants_of(actor, PLATFORM) | administered
    return grants_of(actor, PLATFORM)


def grants_of(actor: User, scope: Platform | Tenant | TenantOwned) -> Grants:
    """Everything `actor` may do within `scope`, for menus that ask about much at once."""
    if not actor.is_active:
        return frozenset()
    if isinstance(scope, Platform):
        return STAFF_GRANTS.get(actor.staff_role, frozenset())
    if isinstance(scope, Tenant):
        personal = (source(actor.pk, scope.pk) for source in _grant_sources)
        return role_grants(actor, scope.pk).union(*personal)
    grants = role_grants(actor, scope.tenant_id)
    if isinstance(scope, Personal):
        grants |= scope.personal_permissions(actor.pk)
    return grants
