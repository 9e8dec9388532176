"""Clients › Tenants: list, add, edit, look."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import tenants
from accounts.models import AuditEntry, Membership, Tenant, User
from tests.factories.accounts import UserFactory

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
GOOD = {
    "name": "Najd Foods",
    "kind": "ORGANIZATION",
    "currency": "SAR",
    "time_zone": "Asia/Riyadh",
    "billing_plan": "POSTPAID",
}


def _add(sam: User, **changed: str) -> Tenant:
    return tenants.add(actor=sam, at=AT, **{**GOOD, **changed})


def test_adding_a_tenant_lists_it_and_is_audited(client: Client, sam: User) -> None:
    client.force_login(sam)

    response = client.post(reverse("accounts_admin:add-tenant"), GOOD, follow=True)

    tenant = Tenant.objects.get()
    assert response.redirect_chain == [("/admin/tenants/", 302)]
    assert [str(message) for message in response.context["messages"]] == ["Tenant saved."]
    assert (tenant.name, tenant.slug, tenant.currency) == (
        "Najd Foods",
        "najd-foods",
        "SAR",
    )
    entry = AuditEntry.objects.get(verb="tenant.added")
    assert (entry.actor, entry.tenant, entry.after["currency"]) == (sam, tenant, "SAR")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme-2"),
        ("شركة الخليج", "tenant"),
        ("A" * 120, "a" * 50),
        ("...", "tenant"),
    ],
)
def test_every_tenant_has_an_address_of_its_own(
    acme: Tenant, sam: User, name: str, slug: str
) -> None:
    Tenant.objects.filter(pk=acme.pk).update(name="The first Acme")

    assert _add(sam, name=name).slug == slug


def test_a_name_taken_is_refused_at_the_field_and_nothing_is_added(
    client: Client, sam: User, acme: Tenant
) -> None:
    client.force_login(sam)

    response = client.post(reverse("accounts_admin:add-tenant"), {**GOOD, "name": "aCME"})

    assert response.status_code == 422
    assert response.context["form"].errors == {
        "name": ["Another tenant has this name. Choose a name that tells them apart."]
    }
    assert list(Tenant.objects.all()) == [acme]
    assert not AuditEntry.objects.filter(verb="tenant.added").exists()


@pytest.mark.parametrize(
    "wrong",
    [{"currency": "XXX"}, {"currency": "usd"}, {"time_zone": "Mars/Base"}, {"kind": ""}],
)
def test_values_nobody_offers_are_refused(
    client: Client, sam: User, wrong: dict[str, str]
) -> None:
    client.force_login(sam)

    response = client.post(reverse("accounts_admin:add-tenant"), {**GOOD, **wrong})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == list(wrong)
    assert Tenant.objects.count() == 0


def test_editing_keeps_currency_and_address(
    client: Client, sam: User, acme: Tenant
) -> None:
    client.force_login(sam)
    changed = {**GOOD, "name": "Acme International", "currency": "KWD"}

    client.post(reverse("accounts_admin:edit-tenant", args=[acme.pk]), changed)

    acme.refresh_from_db()
    assert (acme.name, acme.slug, acme.currency) == ("Acme International", "acme", "USD")
    entry = AuditEntry.objects.get(verb="tenant.edited")
    assert (entry.before["name"], entry.after["name"]) == ("Acme", "Acme International")


@pytest.mark.parametrize(
    ("persona", "status"), [("sam", 200), ("tina", 403), ("bob", 403), ("charlie", 403)]
)
def test_who_may_see_tenants(
    request: pytest.FixtureRequest, client: Client, acme: Tenant, persona: str, status: int
) -> None:
    client.force_login(request.getfixturevalue(persona))

    for name, args in (("list-tenants", []), ("view-tenant", [acme.pk])):
        url = reverse(f"accounts_admin:{name}", args=args)
        assert client.get(url).status_code == status


@pytest.mark.parametrize("persona", ["tina", "charlie", "auditor"])
def test_who_may_not_add_tenants_adds_nothing(
    request: pytest.FixtureRequest, client: Client, acme: Tenant, persona: str
) -> None:
    if persona == "auditor":
        client.force_login(UserFactory.create(staff_role=User.StaffRole.AUDITOR))
    else:
        client.force_login(request.getfixturevalue(persona))
    before = Tenant.objects.count()

    response = client.post(reverse("accounts_admin:add-tenant"), GOOD)

    assert response.status_code == 403
    assert Tenant.objects.count() == before


def test_an_auditor_sees_no_button_that_would_refuse(client: Client, acme: Tenant) -> None:
    client.force_login(UserFactory.create(staff_role=User.StaffRole.AUDITOR))

    page = client.get(reverse("accounts_admin:list-tenants")).content.decode()
    detail = client.get(
        reverse("accounts_admin:view-tenant", args=[acme.pk])
    ).content.decode()

    assert "Add tenant" not in page
    assert "Edit tenant" not in detail
    assert "Add person" not in detail


def test_the_detail_page_shows_people_and_groups(
    client: Client, sam: User, tina: User, acme: Tenant
) -> None:
    client.force_login(sam)

    page = client.get(
        reverse("accounts_admin:view-tenant", args=[acme.pk])
    ).content.decode()

    assert "Tina" in page
    assert "Operations" in page
    assert Membership.objects.get(user=tina).get_role_display() in page
