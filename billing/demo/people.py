"""The demo's tenants, people and business groups (log-ins as in the README)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.actions import groups, tenants
from accounts.models import BusinessGroup, Membership, Tenant, User

PASSWORD: Final = "demo-only"  # noqa: S105 – printed at start; never outside a demo
_ZONE: Final = "Asia/Dubai"
_Role = Membership.Role

_STAFF: Final = (
    ("platform@demo.test", "Omar Rahman", User.StaffRole.PLATFORM_ADMIN),
    ("billing@demo.test", "Nadia Saleh", User.StaffRole.BILLING_ADMIN),
    ("auditor@demo.test", "Ines Moreau", User.StaffRole.AUDITOR),
)
_MEMBERS: Final = (
    ("tenant-admin@demo.test", "Yusuf Karim", _Role.TENANT_ADMIN),
    ("owner@demo.test", "Layla Haddad", _Role.MEMBER),
    ("member@demo.test", "Sami Nasser", _Role.MEMBER),
    ("viewer@demo.test", "Vera Lind", _Role.VIEWER),
)


@dataclass(frozen=True)
class Cast:
    """Who and where the demo plays."""

    platform: User
    owner: User
    member: User
    tenant: Tenant
    platform_group: BusinessGroup
    science_group: BusinessGroup


@transaction.atomic
def load(*, at: datetime) -> Cast:
    """Make the people and places that are missing."""
    staff = [_person(email, name, staff_role=role) for email, name, role in _STAFF]
    admin = staff[0]
    tenant = _tenant("Al Noor Logistics", admin, at)
    places = [_group(name, tenant, admin, at) for name in ("Logistics IT", "Data science")]
    _group("Field operations", tenant, admin, at)
    people = {email: _person(email, name) for email, name, _ in _MEMBERS}
    for email, _, role in _MEMBERS:
        _join(people[email], tenant, role, places)
    other = _tenant("Blue Harbor Media", admin, at)
    studio = _group("Studio", other, admin, at)
    _join(
        _person("stranger@other.test", "Theo Brandt"), other, _Role.TENANT_ADMIN, [studio]
    )
    return Cast(
        platform=admin,
        owner=people["owner@demo.test"],
        member=people["member@demo.test"],
        tenant=tenant,
        platform_group=places[0],
        science_group=places[1],
    )


def _person(email: str, name: str, *, staff_role: str = "") -> User:
    found = User.objects.filter(email=email).first()
    if found is not None:
        return found
    return User.objects.create_user(
        email, PASSWORD, name=name, staff_role=staff_role, time_zone=_ZONE
    )


def _tenant(name: str, admin: User, at: datetime) -> Tenant:
    found = Tenant.objects.filter(name=name).first()
    if found is not None:
        return found
    return tenants.add(
        actor=admin,
        name=name,
        kind=Tenant.Kind.ORGANIZATION,
        currency="USD",
        time_zone=_ZONE,
        billing_plan=Tenant.BillingPlan.PREPAID,
        at=at,
    )


def _group(name: str, tenant: Tenant, admin: User, at: datetime) -> BusinessGroup:
    found = BusinessGroup.objects.filter(tenant=tenant, name=name).first()
    return found or groups.add(actor=admin, tenant_id=tenant.pk, name=name, at=at)


def _join(user: User, tenant: Tenant, role: str, places: list[BusinessGroup]) -> None:
    membership, is_new = Membership.objects.get_or_create(
        user=user, tenant=tenant, defaults={"role": role}
    )
    if is_new:
        membership.groups.set(places)
