"""Tenants and people, who have no lifecycle of their own to go through."""

from factory.declarations import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from accounts.models import BusinessGroup, Membership, Tenant, User


class TenantFactory(DjangoModelFactory[Tenant]):
    class Meta:
        model = Tenant

    slug = Sequence(lambda number: f"tenant-{number}")
    name = LazyAttribute(lambda tenant: tenant.slug.replace("-", " ").title())
    kind = Tenant.Kind.ORGANIZATION
    currency = "USD"
    time_zone = "UTC"


class BusinessGroupFactory(DjangoModelFactory[BusinessGroup]):
    class Meta:
        model = BusinessGroup

    tenant = SubFactory(TenantFactory)
    name = Sequence(lambda number: f"Group {number}")


class UserFactory(DjangoModelFactory[User]):
    """A person without a password: tests sign people in by `client.force_login`."""

    class Meta:
        model = User

    name = Sequence(lambda number: f"Person {number}")
    email = LazyAttribute(
        lambda user: f"{user.name.lower().replace(' ', '.')}@example.test"
    )
    password = "!"


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    tenant = SubFactory(TenantFactory)
    user = SubFactory(UserFactory)
    role = Membership.Role.MEMBER
