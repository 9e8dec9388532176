"""The stage of the matrix: two tenants alike, and everybody who knocks."""

from dataclasses import dataclass

from accounts.models import Tenant, User
from funds.models import FundAccount
from tests.access.personas import ACME, GLOBEX, OWNER_OF, make_people
from tests.factories.accounts import BusinessGroupFactory, TenantFactory
from tests.factories.funds import open_account, put_in


@dataclass(frozen=True)
class Stage:
    """What the samples are made from."""

    tenants: dict[str, Tenant]
    people: dict[str, User]
    # The fund account of each tenant's owner, with money in it.
    accounts: dict[str, FundAccount]


def set_stage() -> Stage:
    tenants = {
        slug: TenantFactory.create(name=slug.title(), slug=slug) for slug in (ACME, GLOBEX)
    }
    groups = {
        slug: BusinessGroupFactory.create(tenant=tenant, name="Operations")
        for slug, tenant in tenants.items()
    }
    people = make_people(tenants)
    accounts = {
        slug: open_account(
            tenants[slug], name="Main", owner=people[OWNER_OF[slug]], groups=[groups[slug]]
        )
        for slug in (ACME, GLOBEX)
    }
    for account in accounts.values():
        put_in(account, "1000")
    open_account(tenants[ACME], name="Other", owner=people["other_owner"])
    return Stage(tenants, people, accounts)
