"""Business groups: the parts of a tenant whose members request resources."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions import audit
from accounts.models import BusinessGroup, User
from cmp.lib.errors import DomainError, refusals


class NameTaken(DomainError):
    """The tenant has a business group of this name."""

    field = "name"

    def __str__(self) -> str:
        return str(_("The tenant has a business group of this name. Choose another name."))


@transaction.atomic
def add(*, actor: User, tenant_id: int, name: str, at: datetime) -> BusinessGroup:
    """Add a business group to a tenant. Raises `NameTaken`."""
    with refusals({"one_group_per_tenant_and_name": NameTaken}):
        group = BusinessGroup.objects.create(tenant_id=tenant_id, name=name)
    audit.record(
        actor=actor,
        verb="business_group.added",
        subject=f"business_group:{group.pk}",
        at=at,
        after={"name": name},
        tenant_id=tenant_id,
    )
    return group


@transaction.atomic
def rename(*, actor: User, group_id: int, name: str, at: datetime) -> BusinessGroup:
    """Give a business group another name; its people and money stay. Raises `NameTaken`."""
    group = BusinessGroup.objects.select_for_update().get(pk=group_id)
    before = group.name
    group.name = name
    with refusals({"one_group_per_tenant_and_name": NameTaken}):
        group.save(update_fields=["name"])
    audit.record(
        actor=actor,
        verb="business_group.renamed",
        subject=f"business_group:{group.pk}",
        at=at,
        before={"name": before},
        after={"name": name},
        tenant_id=group.tenant_id,
    )
    return group
