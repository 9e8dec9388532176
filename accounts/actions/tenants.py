"""Tenants: added and edited by the operator. A tenant is never removed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.actions import audit
from accounts.models import Tenant, User
from cmp.lib.errors import DomainError, refusals
from cmp.lib.money import is_currency


class NameTaken(DomainError):
    """Another tenant has this name."""

    field = "name"

    def __str__(self) -> str:
        return str(_("Another tenant has this name. Choose a name that tells them apart."))


@transaction.atomic
def add(
    *,
    actor: User,
    name: str,
    kind: str,
    currency: str,
    time_zone: str,
    billing_plan: str,
    at: datetime,
) -> Tenant:
    """Add a tenant; its currency and its address are fixed from then on.

    Raises `NameTaken`.
    """
    assert is_currency(currency)
    with refusals({"one_tenant_per_name": NameTaken}):
        tenant = Tenant.objects.create(
            name=name,
            slug=_free_slug(name),
            kind=kind,
            currency=currency,
            time_zone=time_zone,
            billing_plan=billing_plan,
        )
    audit.record(
        actor=actor,
        verb="tenant.added",
        subject=f"tenant:{tenant.pk}",
        at=at,
        after=_facts(tenant),
        tenant_id=tenant.pk,
    )
    return tenant


@transaction.atomic
def edit(
    *,
    actor: User,
    tenant_id: int,
    name: str,
    kind: str,
    time_zone: str,
    billing_plan: str,
    at: datetime,
) -> Tenant:
    """Change what may change; running business keeps the currency and the address.

    The billing plan is the preset of fund accounts opened later, none changes by it.
    Raises `NameTaken`.
    """
    tenant = Tenant.objects.select_for_update().get(pk=tenant_id)
    before = _facts(tenant)
    tenant.name, tenant.kind = name, kind
    tenant.time_zone, tenant.billing_plan = time_zone, billing_plan
    with refusals({"one_tenant_per_name": NameTaken}):
        tenant.save(update_fields=["name", "kind", "time_zone", "billing_plan"])
    audit.record(
        actor=actor,
        verb="tenant.edited",
        subject=f"tenant:{tenant.pk}",
        at=at,
        before=before,
        after=_facts(tenant),
        tenant_id=tenant.pk,
    )
    return tenant


def _facts(tenant: Tenant) -> dict[str, Any]:
    return {
        "name": tenant.name,
        "slug": tenant.slug,
        "kind": tenant.kind,
        "currency": tenant.currency,
        "time_zone": tenant.time_zone,
        "billing_plan": tenant.billing_plan,
    }


def _free_slug(name: str) -> str:
    slugs = _slugs(name)
    return next(slug for slug in slugs if not Tenant.objects.filter(slug=slug).exists())


def _slugs(name: str) -> Iterator[str]:
    """`acme`, then `acme-2` and on; `tenant` for names without Latin letters."""
    stem = slugify(name)[:50].strip("-") or "tenant"
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1
