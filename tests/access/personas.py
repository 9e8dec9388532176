"""Everybody who may knock: what they are is a table, so that what they may is computed."""

from dataclasses import dataclass, field
from typing import Final

from accounts.models import Membership, Tenant, User
from tests.factories.accounts import MembershipFactory, UserFactory

Role = Membership.Role
Staff = User.StaffRole
ACME, GLOBEX = "acme", "globex"
# Whose fund account the samples of each tenant belong to.
OWNER_OF: Final = {ACME: "owner", GLOBEX: "globex_owner"}


@dataclass(frozen=True)
class Persona:
    """Somebody as the access tables see them; None as `roles` key means no tenant."""

    name: str
    staff_role: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    is_signed_in: bool = True
    is_active: bool = True
    # Of all business groups of their tenant, or of none.
    is_in_groups: bool = True

    def __str__(self) -> str:
        return self.name


PERSONAS: Final = {
    persona.name: persona
    for persona in (
        Persona("anonymous", is_signed_in=False),
        Persona("leaver", roles={ACME: Role.TENANT_ADMIN}, is_active=False),
        Persona("newcomer"),
        Persona("viewer", roles={ACME: Role.VIEWER}),
        Persona("member", roles={ACME: Role.MEMBER}),
        Persona("member_of_no_group", roles={ACME: Role.MEMBER}, is_in_groups=False),
        Persona("owner", roles={ACME: Role.MEMBER}),
        Persona("other_owner", roles={ACME: Role.MEMBER}),
        Persona("billing_manager", roles={ACME: Role.BILLING_MANAGER}),
        Persona("tenant_admin", roles={ACME: Role.TENANT_ADMIN}),
        Persona("support", Staff.SUPPORT),
        Persona("auditor", Staff.AUDITOR),
        Persona("billing_admin", Staff.BILLING_ADMIN),
        Persona("platform_admin", Staff.PLATFORM_ADMIN),
        Persona("stranger", roles={GLOBEX: Role.MEMBER}),
        Persona("rival", roles={GLOBEX: Role.TENANT_ADMIN}),
        Persona("globex_owner", roles={GLOBEX: Role.MEMBER}),
    )
}


def make_people(tenants: dict[str, Tenant]) -> dict[str, User]:
    """One user per persona who signs in, with their memberships."""
    return {
        persona.name: _person(persona, tenants)
        for persona in PERSONAS.values()
        if persona.is_signed_in
    }


def _person(persona: Persona, tenants: dict[str, Tenant]) -> User:
    user = UserFactory.create(
        name=persona.name, staff_role=persona.staff_role, is_active=persona.is_active
    )
    for slug, role in persona.roles.items():
        membership = MembershipFactory.create(tenant=tenants[slug], user=user, role=role)
        if persona.is_in_groups:
            membership.groups.set(tenants[slug].business_groups.all())
    return user
