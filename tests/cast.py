"""The cast: the people and the two tenants that every test knows.

Acme: **tina** administers it, **alice** owns its fund account, **mia** may request
resources, **bob** may only look. **charlie** is a stranger from Globex, **sam** is the
operator's platform admin.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from accounts.models import BusinessGroup, Membership, Tenant, User
from tests.factories.accounts import (
    BusinessGroupFactory,
    MembershipFactory,
    TenantFactory,
    UserFactory,
)

if TYPE_CHECKING:
    from funds.models import FundAccount

OPENED_AT = datetime(2026, 1, 1, tzinfo=UTC)

__all__ = [
    "acme",
    "acme_account",
    "acme_group",
    "alice",
    "bob",
    "charlie",
    "globex",
    "globex_group",
    "mia",
    "sam",
    "tina",
]


@pytest.fixture
def acme(database: None) -> Tenant:
    return TenantFactory.create(name="Acme", slug="acme", currency="USD", time_zone="UTC")


@pytest.fixture
def globex(database: None) -> Tenant:
    return TenantFactory.create(name="Globex", slug="globex", currency="USD")


@pytest.fixture
def acme_group(acme: Tenant) -> BusinessGroup:
    return BusinessGroupFactory.create(tenant=acme, name="Operations")


@pytest.fixture
def globex_group(globex: Tenant) -> BusinessGroup:
    return BusinessGroupFactory.create(tenant=globex, name="Operations")


@pytest.fixture
def alice(acme_group: BusinessGroup) -> User:
    return _member("Alice", acme_group, Membership.Role.MEMBER)


@pytest.fixture
def tina(acme_group: BusinessGroup) -> User:
    return _member("Tina", acme_group, Membership.Role.TENANT_ADMIN)


@pytest.fixture
def bob(acme_group: BusinessGroup) -> User:
    return _member("Bob", acme_group, Membership.Role.VIEWER)


@pytest.fixture
def mia(acme_group: BusinessGroup) -> User:
    return _member("Mia", acme_group, Membership.Role.MEMBER)


@pytest.fixture
def charlie(globex_group: BusinessGroup) -> User:
    return _member("Charlie", globex_group, Membership.Role.MEMBER)


@pytest.fixture
def sam(database: None) -> User:
    return UserFactory.create(name="Sam", staff_role=User.StaffRole.PLATFORM_ADMIN)


@pytest.fixture
def acme_account(
    acme: Tenant, acme_group: BusinessGroup, alice: User, tina: User
) -> "FundAccount":
    """Acme's prepaid fund account with nothing in it; Alice owns it."""
    from funds.actions import fund_accounts
    from funds.models import FundAccount

    return fund_accounts.open(
        actor=tina,
        tenant_id=acme.pk,
        name="Acme operations",
        description="",
        group_ids=[acme_group.pk],
        owner_id=alice.pk,
        kind=FundAccount.Kind.PREPAID,
        at=OPENED_AT,
    )


def _member(name: str, group: BusinessGroup, role: Membership.Role) -> User:
    membership = MembershipFactory.create(tenant=group.tenant, user__name=name, role=role)
    membership.groups.add(group)
    return membership.user
