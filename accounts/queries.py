"""Reads about who: for forms, lists and lookups."""

from collections.abc import Collection

from django.db.models import Count, QuerySet

from accounts.access import Reach
from accounts.models import AuditEntry, BusinessGroup, Membership, Tenant, User


def tenants_within(reach: Reach) -> QuerySet[Tenant]:
    return reach.limit(Tenant.objects.all(), "id").order_by("name")


def groups_within(reach: Reach) -> QuerySet[BusinessGroup]:
    return reach.limit(BusinessGroup.objects.select_related("tenant"))


def head_counts(group_ids: Collection[int]) -> dict[int, int]:
    """How many people are in each group; groups without any are left out."""
    counted = (
        Membership.groups.through.objects.filter(businessgroup_id__in=group_ids)
        .values("businessgroup_id")
        .annotate(total=Count("pk"))
    )
    return {row["businessgroup_id"]: row["total"] for row in counted}


def groups_of(tenant_id: int) -> QuerySet[BusinessGroup]:
    return BusinessGroup.objects.filter(tenant_id=tenant_id).order_by("name")


def groups_of_member(membership: Membership) -> QuerySet[BusinessGroup]:
    """The business groups a member requests for; an administrator acts for all."""
    if membership.role == Membership.Role.TENANT_ADMIN:
        return groups_of(membership.tenant_id)
    return membership.groups.order_by("name")


def members_of(tenant_id: int) -> QuerySet[User]:
    """Active people of a tenant, by name."""
    return User.objects.filter(memberships__tenant_id=tenant_id, is_active=True).order_by(
        "name", "id"
    )


def people_within(reach: Reach) -> QuerySet[Membership]:
    """Memberships, one for each place of a person in a tenant, their groups at hand."""
    memberships = Membership.objects.select_related("user", "tenant")
    return reach.limit(memberships.prefetch_related("groups"))


def memberships_in(tenant_id: int) -> QuerySet[Membership]:
    """The places of a tenant's people, by name."""
    memberships = Membership.objects.filter(tenant_id=tenant_id).select_related("user")
    return memberships.prefetch_related("groups").order_by("user__name", "pk")


def memberships_of(user: User) -> QuerySet[Membership]:
    return (
        Membership.objects.filter(user=user)
        .select_related("tenant")
        .order_by("tenant__name")
    )


def audit_within(reach: Reach) -> QuerySet[AuditEntry]:
    """The audit log as far as `reach` goes, with the tenant's name at hand."""
    return reach.limit(AuditEntry.objects.select_related("tenant"))
