"""Reads about what runs."""

from django.db.models import QuerySet

from accounts.access import Reach
from accounts.models import Tenant
from resources.models import Instance


def instances_of(tenant: Tenant) -> QuerySet[Instance]:
    """Every instance of the tenant, newest first."""
    return (
        Instance.objects.filter(tenant=tenant)
        .select_related("business_group")
        .order_by("-created_at", "-id")
    )


def instances_within(reach: Reach) -> QuerySet[Instance]:
    return (
        reach.limit(Instance.objects.all())
        .select_related("tenant", "business_group")
        .order_by("-created_at", "-id")
    )


def is_name_taken(*, tenant_id: int, name: str) -> bool:
    """Whether a living instance of the tenant has this name."""
    return (
        Instance.objects.filter(tenant_id=tenant_id, name__iexact=name)
        .exclude(state__in=[Instance.State.FAILED, Instance.State.DELETED])
        .exists()
    )


def ids_to_remove(limit: int) -> list[int]:
    """Deleted or failed instances whose removal no driver has confirmed yet."""
    return list(
        Instance.objects.filter(
            state__in=[Instance.State.FAILED, Instance.State.DELETED],
            removed_at__isnull=True,
        )
        .order_by("id")
        .values_list("id", flat=True)[:limit]
    )
