"""What should come back: computed from the view's permission and the access tables."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from accounts.access import ROLE_GRANTS, STAFF_GRANTS, Grants, Permission
from accounts.models import Membership
from funds.models import OWNER_GRANTS
from tests.access.personas import ACME, GLOBEX, OWNER_OF, Persona
from tests.access.samples import Sample
from tools.docs.urls import Url

# Decided by more than permission and tenant; each view says why.
STAFF_ONLY: Final = {"funds_admin:set-credit-limit"}
FOR_OWN_GROUPS: Final = {
    "billing:pay-order",
    "billing:cancel-order",
    "billing:delete-resource",
}
USER_PORTAL, ADMIN_PORTAL = "/portal/<slug:tenant_slug>/", "/admin/"
OWNERS: Final = {ACME: {OWNER_OF[ACME], "other_owner"}, GLOBEX: {OWNER_OF[GLOBEX]}}


class Outcome(Enum):
    """How a request ends."""

    LOG_IN = "302 to the log-in page"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    NOT_ALLOWED = "405"
    SERVED = "served"


@dataclass(frozen=True)
class Place:
    """Whose tenant the path names and whose object stands in it; None is nobody's."""

    name: str
    tenant: str | None
    thing: str | None


OWN = Place("own", ACME, ACME)
OTHER = Place("other", GLOBEX, GLOBEX)
SMUGGLED = Place("other's object under the own tenant", ACME, GLOBEX)
ABSENT = Place("absent object", ACME, None)
NOWHERE = Place("absent tenant", None, ACME)


def places(url: Url, samples: dict[str, Sample]) -> list[Place]:
    """Where this URL can be tried."""
    has_objects = any(sample.is_of_tenants for sample in samples.values())
    if not url.path.startswith(USER_PORTAL):
        return [OWN, *([OTHER] if has_objects else []), *([ABSENT] if samples else [])]
    objects = [*([SMUGGLED] if has_objects else []), *([ABSENT] if samples else [])]
    return [OWN, OTHER, NOWHERE, *objects]


def expected(
    url: Url, persona: Persona, place: Place, method: str, samples: dict[str, Sample]
) -> Outcome:
    """How this request should end."""
    if not persona.is_signed_in or not persona.is_active:
        return Outcome.LOG_IN
    if method not in url.methods:
        return Outcome.NOT_ALLOWED
    if url.permission.startswith("personal: "):
        is_own = _is_personally_reached(persona, place, samples)
        return Outcome.SERVED if is_own else Outcome.NOT_FOUND
    permission = Permission(url.permission)
    if url.name in STAFF_ONLY and not persona.staff_role and persona.roles:
        return Outcome.FORBIDDEN
    if url.path.startswith(USER_PORTAL):
        outcome = _in_user_portal(permission, persona, place, samples)
        is_outside = url.name in FOR_OWN_GROUPS and not persona.is_in_groups
        return Outcome.FORBIDDEN if outcome is Outcome.SERVED and is_outside else outcome
    assert url.path.startswith(ADMIN_PORTAL), f"{url.path} is in neither portal"
    return _in_admin_portal(permission, persona, place, samples)


def _in_user_portal(
    permission: Permission, persona: Persona, place: Place, samples: dict[str, Sample]
) -> Outcome:
    role = persona.roles.get(place.tenant or "")
    if role is None:
        return Outcome.NOT_FOUND
    by_role = permission in ROLE_GRANTS[role]
    if not by_role and permission not in _personal(persona, place.tenant):
        return Outcome.FORBIDDEN
    if not _is_there(place, samples, {place.tenant}):
        return Outcome.NOT_FOUND
    if not by_role and not _is_personally_reached(persona, place, samples):
        return Outcome.NOT_FOUND
    return Outcome.SERVED


def _in_admin_portal(
    permission: Permission, persona: Persona, place: Place, samples: dict[str, Sample]
) -> Outcome:
    reach: set[str | None]
    if permission in STAFF_GRANTS.get(persona.staff_role, frozenset()):
        reach = {ACME, GLOBEX}
    elif permission in ROLE_GRANTS[Membership.Role.TENANT_ADMIN] and _administers(persona):
        reach = {*_administers(persona)}
    elif persona.staff_role or persona.roles:
        return Outcome.FORBIDDEN
    else:
        return Outcome.NOT_FOUND
    return Outcome.SERVED if _is_there(place, samples, reach) else Outcome.NOT_FOUND


def _is_there(place: Place, samples: dict[str, Sample], reach: set[str | None]) -> bool:
    """Whether every object in the path is in reach; the platform's things always are."""
    if not samples:
        return True
    if place.thing is None:
        return False
    return place.thing in reach or not any(s.is_of_tenants for s in samples.values())


def _is_personally_reached(
    persona: Persona, place: Place, samples: dict[str, Sample]
) -> bool:
    return all(
        persona.name in sample.personally.get(place.thing or "", frozenset())
        for sample in samples.values()
    )


def _personal(persona: Persona, tenant: str | None) -> Grants:
    is_owner = persona.name in OWNERS.get(tenant or "", set())
    return OWNER_GRANTS if is_owner else frozenset()


def _administers(persona: Persona) -> set[str]:
    role = Membership.Role.TENANT_ADMIN
    return {slug for slug, held in persona.roles.items() if held == role}
