"""Clients › Business groups: list, add, rename, and never another tenant's."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, BusinessGroup, Membership, Tenant, User
from tests.factories.accounts import BusinessGroupFactory, MembershipFactory

ADD = "/admin/groups/add/"


def _rename_url(group: BusinessGroup) -> str:
    return reverse("accounts_admin:rename-group", args=[group.pk])


def test_a_tenant_administrator_adds_a_group(
    client: Client, tina: User, acme: Tenant
) -> None:
    client.force_login(tina)

    response = client.post(ADD, {"tenant": acme.pk, "name": "Research"}, follow=True)

    assert [str(m) for m in response.context["messages"]] == ["Business group saved."]
    group = BusinessGroup.objects.get(name="Research")
    assert group.tenant == acme
    entry = AuditEntry.objects.get(verb="business_group.added")
    assert (entry.tenant, entry.after) == (acme, {"name": "Research"})


def test_a_group_of_another_tenant_cannot_be_added(
    client: Client, tina: User, globex: Tenant
) -> None:
    client.force_login(tina)

    response = client.post(ADD, {"tenant": globex.pk, "name": "Spies"})

    assert response.status_code == 422
    assert "tenant" in response.context["form"].errors
    assert not BusinessGroup.objects.filter(name="Spies").exists()


def test_the_form_offers_only_tenants_within_reach(
    client: Client, tina: User, acme: Tenant, globex: Tenant
) -> None:
    client.force_login(tina)

    form = client.get(ADD).context["form"]

    assert list(form.fields["tenant"].queryset) == [acme]


@pytest.mark.parametrize("name", ["operations", "OPERATIONS"])
def test_a_name_taken_in_the_tenant_is_refused(
    client: Client, tina: User, acme: Tenant, name: str
) -> None:
    client.force_login(tina)

    response = client.post(ADD, {"tenant": acme.pk, "name": name})

    assert response.status_code == 422
    assert response.context["form"].errors["name"] == [
        "The tenant has a business group of this name. Choose another name."
    ]
    assert BusinessGroup.objects.filter(tenant=acme).count() == 1


def test_renaming_keeps_people_and_is_audited(
    client: Client, tina: User, acme_group: BusinessGroup
) -> None:
    client.force_login(tina)

    client.post(_rename_url(acme_group), {"name": "Platform"})

    acme_group.refresh_from_db()
    assert acme_group.name == "Platform"
    assert Membership.objects.filter(groups=acme_group, user=tina).exists()
    entry = AuditEntry.objects.get(verb="business_group.renamed")
    assert (entry.before, entry.after) == ({"name": "Operations"}, {"name": "Platform"})


def test_another_tenants_group_is_not_there(
    client: Client, tina: User, globex_group: BusinessGroup
) -> None:
    client.force_login(tina)

    response = client.post(_rename_url(globex_group), {"name": "Ours"})

    assert response.status_code == 404
    globex_group.refresh_from_db()
    assert globex_group.name == "Operations"


def test_the_list_is_narrowed_and_counts_people(
    client: Client, tina: User, acme_group: BusinessGroup, globex_group: BusinessGroup
) -> None:
    BusinessGroupFactory.create(tenant=acme_group.tenant, name="Empty")
    MembershipFactory.create(tenant=acme_group.tenant).groups.add(acme_group)
    client.force_login(tina)

    rows = client.get("/admin/groups/", {"sort": "name"}).context["list"].rows

    assert [[cell.plain for cell in row.cells[:3]] for row in rows] == [
        ["Empty", "Acme", 0],
        ["Operations", "Acme", 2],
    ]


def test_filtering_by_a_tenant_out_of_reach_is_named_and_shows_nothing_of_it(
    client: Client, tina: User, globex_group: BusinessGroup
) -> None:
    client.force_login(tina)

    shown = client.get("/admin/groups/", {"tenant": globex_group.tenant_id}).context["list"]

    assert [problem.label for problem in shown.filter_problems] == ["Tenant"]
    assert [row.cells[1].plain for row in shown.rows] == ["Acme"]


@pytest.mark.parametrize("persona", ["alice", "bob", "charlie"])
def test_members_have_no_place_here(
    request: pytest.FixtureRequest, client: Client, persona: str
) -> None:
    client.force_login(request.getfixturevalue(persona))

    assert client.get("/admin/groups/").status_code == 403
    assert client.post(ADD, {"name": "x"}).status_code == 403
