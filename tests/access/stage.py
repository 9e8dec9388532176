"""The stage of the matrix: two tenants alike, and everybody who knocks."""

from dataclasses import dataclass

from accounts.models import Tenant, User
from tests.access.personas import ACME, GLOBEX, make_people
from tests.factories.accounts import BusinessGroupFactory, TenantFactory


@dataclass(frozen=True)
class Stage:
    """What the samples are made from."""

    tenants: dict[str, Tenant]
    people: dict[str, User]


def set_stage() -> Stage:
    tenants = {
        slug: TenantFactory.create(name=slug.title(), slug=slug) for slug in (ACME, GLOBEX)
    }
    for tenant in tenants.values():
        BusinessGroupFactory.create(tenant=tenant, name="Operations")
        BusinessGroupFactory.create(tenant=tenant, name="Research")
    return Stage(tenants, make_people(tenants))
