"""TEN-01, TEN-09: who may do what, asked of the tables."""

import pytest

from accounts import access
from accounts.access import PLATFORM, Permission
from accounts.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("persona", "own", "foreign"),
    [
        ("tina", True, False),
        ("bob", False, False),
        ("mia", False, False),
        ("charlie", False, False),
        ("sam", True, True),
    ],
)
def test_who_edits_fund_accounts(
    request: pytest.FixtureRequest,
    acme: Tenant,
    globex: Tenant,
    persona: str,
    own: bool,
    foreign: bool,
) -> None:
    actor: User = request.getfixturevalue(persona)

    assert access.allows(actor, Permission.EDIT_FUND_ACCOUNTS, acme) is own
    assert access.allows(actor, Permission.EDIT_FUND_ACCOUNTS, globex) is foreign


def test_a_deactivated_person_may_nothing(sam: User, acme: Tenant) -> None:
    sam.is_active = False

    assert not any(access.allows(sam, permission, PLATFORM) for permission in Permission)
    assert not any(access.allows(sam, permission, acme) for permission in Permission)


def test_nobody_on_the_staff_spends_for_a_tenant(sam: User, acme: Tenant) -> None:
    assert not access.allows(sam, Permission.RECHARGE, acme)
    assert not access.allows(sam, Permission.USE_PORTAL, acme)


def test_auditors_look_at_everything_and_change_nothing() -> None:
    auditor = User(email="auditor@example.test", staff_role=User.StaffRole.AUDITOR)

    allowed = {p for p in Permission if access.allows(auditor, p, PLATFORM)}

    assert allowed == {p for p in Permission if p.name.startswith("VIEW_")}


def test_the_role_decides_inside_the_own_tenant_only(tina: User, acme: Tenant) -> None:
    assert access.tenants_administered(tina) == {acme.pk}
    Membership.objects.filter(user=tina).update(role=Membership.Role.VIEWER)
    assert access.tenants_administered(tina) == frozenset()
    assert not access.allows(tina, Permission.VIEW_TRANSACTIONS, acme)
