"""Clients › People: add, change, remove, close; and how far each administrator reaches.

Carries TEN-07.
"""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import mails, tasks
from accounts.actions import people
from accounts.models import AuditEntry, BusinessGroup, Membership, Tenant, User
from funds.models import FundAccount
from tests.factories.accounts import MembershipFactory, UserFactory

ADD = "/admin/people/add/"


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int | str]]:
    """What was queued, instead of a broker that no test needs."""
    queued: list[dict[str, int | str]] = []

    def remember(kwargs: dict[str, int | str]) -> None:
        queued.append(kwargs)

    monkeypatch.setattr(tasks.send_invitation, "apply_async", remember)
    return queued


def _place(user: User) -> Membership:
    return Membership.objects.get(user=user)


def _url(name: str, user: User) -> str:
    return reverse(f"accounts_admin:{name}", args=[_place(user).pk])


def _invite(client: Client, **changed: object):
    typed = {"email": "new@example.test", "name": "Noor", "role": "MEMBER", **changed}
    return client.post(ADD, typed, follow=True)


def test_a_tenant_administrator_adds_a_person(
    client: Client,
    tina: User,
    acme_group: BusinessGroup,
    enqueued: list,
    django_capture_on_commit_callbacks: object,
) -> None:
    client.force_login(tina)

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        response = _invite(client, groups=[acme_group.pk])

    assert [str(m) for m in response.context["messages"]] == [
        "Person added. A mail says how to log in."
    ]
    user = User.objects.get(email="new@example.test")
    assert not user.has_usable_password()
    assert list(_place(user).groups.all()) == [acme_group]
    assert enqueued == [{"user_id": user.pk, "tenant_id": acme_group.tenant_id}]
    entry = AuditEntry.objects.get(verb="membership.added")
    assert entry.after == {
        "person": "new@example.test",
        "role": "MEMBER",
        "groups": ["Operations"],
    }


def test_somebody_who_has_an_account_keeps_name_and_password(
    client: Client, sam: User, acme: Tenant, charlie: User
) -> None:
    charlie.set_password("a password of his")
    charlie.save()
    client.force_login(sam)

    client.post(
        f"{ADD}?tenant={acme.pk}",
        {"email": charlie.email.upper(), "name": "Somebody Else", "role": "MEMBER"},
    )

    charlie.refresh_from_db()
    assert charlie.name == "Charlie"
    assert charlie.check_password("a password of his")
    assert set(charlie.memberships.values_list("tenant__slug", flat=True)) == {
        "acme",
        "globex",
    }


@pytest.mark.parametrize("persona", ["charlie", "sam"])
def test_a_tenant_administrator_cannot_look_up_other_peoples_people(
    request: pytest.FixtureRequest, client: Client, tina: User, persona: str
) -> None:
    other = request.getfixturevalue(persona)
    client.force_login(tina)

    response = _invite(client, email=other.email)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["email"]
    assert f">{other.name}<" not in response.content.decode()
    assert not Membership.objects.filter(user=other, tenant__slug="acme").exists()


def test_nobody_is_added_twice(client: Client, tina: User, bob: User) -> None:
    client.force_login(tina)

    response = _invite(client, email=bob.email)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["email"]
    assert Membership.objects.filter(user=bob).count() == 1


def test_groups_and_tenants_of_others_cannot_be_chosen(
    client: Client, tina: User, acme_group: BusinessGroup, globex_group: BusinessGroup
) -> None:
    client.force_login(tina)

    response = _invite(client, groups=[globex_group.pk])
    elsewhere = client.post(
        f"{ADD}?tenant={globex_group.tenant_id}",
        {"email": "spy@example.test", "name": "Spy", "role": "TENANT_ADMIN"},
    )

    assert list(response.context["form"].errors) == ["groups"]
    assert not User.objects.filter(email="new@example.test").exists()
    # A tenant out of reach counts as none chosen: the only one within reach is meant.
    assert elsewhere.status_code == 302
    assert _place(User.objects.get(email="spy@example.test")).tenant == acme_group.tenant


def test_the_operator_chooses_the_tenant_first(
    client: Client, sam: User, acme: Tenant, acme_group: BusinessGroup
) -> None:
    client.force_login(sam)

    first = client.get(ADD)
    second = client.get(ADD, {"tenant": acme.pk})

    assert list(first.context["form"].fields) == ["tenant"]
    assert list(second.context["form"].fields["groups"].queryset) == [acme_group]


def test_the_mail_lets_a_new_person_set_a_password_once(
    client: Client, acme: Tenant
) -> None:
    user = UserFactory.create(name="Noor", email="new@example.test")
    user.set_unusable_password()
    user.save()

    tasks.send_invitation(user_id=user.pk, tenant_id=acme.pk)

    assert mail.outbox[0].subject == "Your access to Acme at CMP Billing"
    assert mail.outbox[0].to == ["new@example.test"]
    link = re.search(
        r"http://127\.0\.0\.1:8000(/accounts/password/reset/key/\S+)",
        str(mail.outbox[0].body),
    )
    assert link
    page = client.get(link[1], follow=True)
    form_url = page.redirect_chain[-1][0]
    good = "correct horse battery"
    client.post(form_url, {"password1": good, "password2": good})
    user.refresh_from_db()
    assert user.check_password(good)
    client.logout()
    assert "This link is used up" in client.get(link[1], follow=True).content.decode()


def test_the_mail_of_somebody_with_a_password_has_no_such_link(acme: Tenant) -> None:
    user = UserFactory.create()
    user.set_password("x")
    user.save()

    body = str(mails.invitation(user, acme).body)

    assert "/password/" not in body
    assert "/accounts/login/" in body


def test_changing_role_and_groups_is_audited(
    client: Client, tina: User, bob: User, acme_group: BusinessGroup
) -> None:
    client.force_login(tina)

    client.post(_url("edit-person", bob), {"role": "BILLING_MANAGER", "groups": []})

    assert _place(bob).role == "BILLING_MANAGER"
    assert not _place(bob).groups.exists()
    entry = AuditEntry.objects.get(verb="membership.changed")
    assert (entry.before["role"], entry.after["role"]) == ("VIEWER", "BILLING_MANAGER")
    assert (entry.before["groups"], entry.after["groups"]) == (["Operations"], [])


@pytest.mark.parametrize("persona", ["tina", "sam"])
def test_the_last_administrator_stays(
    request: pytest.FixtureRequest, client: Client, tina: User, persona: str
) -> None:
    client.force_login(request.getfixturevalue(persona))

    changed = client.post(_url("edit-person", tina), {"role": "VIEWER"})
    removed = client.post(_url("remove-person", tina), {"reason": "left"})

    assert (changed.status_code, removed.status_code) == (422, 422)
    assert _place(tina).role == "TENANT_ADMIN"


def test_with_a_second_administrator_the_first_can_be_removed(
    client: Client, sam: User, tina: User, acme: Tenant
) -> None:
    MembershipFactory.create(tenant=acme, role=Membership.Role.TENANT_ADMIN)
    client.force_login(sam)

    response = client.post(_url("remove-person", tina), {"reason": "left the company"})

    assert response.status_code == 302
    assert not Membership.objects.filter(user=tina).exists()
    assert AuditEntry.objects.get(verb="membership.removed").reason == "left the company"


def test_a_reason_is_demanded(client: Client, tina: User, bob: User) -> None:
    client.force_login(tina)

    response = client.post(_url("remove-person", bob), {"reason": "  "})

    assert response.status_code == 422
    assert Membership.objects.filter(user=bob).exists()


def test_the_owner_of_a_fund_account_cannot_be_removed(
    client: Client, tina: User, alice: User, acme_account: FundAccount
) -> None:
    client.force_login(tina)

    response = client.post(_url("remove-person", alice), {"reason": "left"})

    assert response.status_code == 422
    assert "Name another owner first." in response.content.decode()
    assert Membership.objects.filter(user=alice).exists()
    assert not AuditEntry.objects.filter(verb="membership.removed").exists()


def test_a_closed_account_is_logged_out_at_once(
    client: Client, tina: User, bob: User
) -> None:
    bobs = Client()
    bobs.force_login(bob)
    assert bobs.get("/portal/acme/").status_code == 200
    client.force_login(tina)

    client.post(_url("close-account", bob), {"reason": "lost laptop"})

    assert bobs.get("/portal/acme/").status_code == 302
    client.post(_url("reopen-account", bob), {"reason": "found it"})
    bob.refresh_from_db()
    assert bob.is_active
    verbs = AuditEntry.objects.filter(verb__startswith="user.").values_list(
        "verb", flat=True
    )
    assert list(verbs.order_by("id")) == ["user.closed", "user.reopened"]


def test_a_tenant_administrator_cannot_close_whom_others_need_too(
    client: Client, tina: User, bob: User, globex: Tenant
) -> None:
    MembershipFactory.create(tenant=globex, user=bob)
    client.force_login(tina)
    place = Membership.objects.get(user=bob, tenant__slug="acme")

    response = client.post(
        reverse("accounts_admin:close-account", args=[place.pk]), {"reason": "x"}
    )

    assert response.status_code == 422
    bob.refresh_from_db()
    assert bob.is_active


def test_only_a_platform_admin_closes_accounts_of_staff(acme: Tenant, sam: User) -> None:
    clerk = UserFactory.create(staff_role=User.StaffRole.BILLING_ADMIN)
    other = UserFactory.create(staff_role=User.StaffRole.SUPPORT)

    with pytest.raises(people.NotYours):
        people.close_account(actor=clerk, user_id=sam.pk, reason="x", at=timezone.now())
    people.close_account(actor=sam, user_id=other.pk, reason="left", at=timezone.now())

    sam.refresh_from_db()
    other.refresh_from_db()
    assert (sam.is_active, other.is_active) == (True, False)


def test_nobody_closes_their_own_account(client: Client, tina: User) -> None:
    client.force_login(tina)

    response = client.post(_url("close-account", tina), {"reason": "x"})

    assert response.status_code == 422
    tina.refresh_from_db()
    assert tina.is_active


@pytest.mark.parametrize(
    "name", ["view-person", "edit-person", "remove-person", "close-account"]
)
def test_people_of_another_tenant_are_not_there(
    client: Client, tina: User, charlie: User, name: str
) -> None:
    client.force_login(tina)

    assert client.get(_url(name, charlie)).status_code == 404


def test_the_list_shows_only_people_within_reach(
    client: Client, tina: User, bob: User, charlie: User, sam: User
) -> None:
    client.force_login(tina)
    hers = client.get("/admin/people/", {"sort": "name"}).context["list"]
    client.force_login(sam)
    all_of_them = client.get("/admin/people/", {"sort": "name"}).context["list"]

    assert [row.name for row in hers.rows] == ["Bob", "Tina"]
    assert [row.name for row in all_of_them.rows] == ["Bob", "Charlie", "Tina"]


def test_the_export_lists_what_the_page_lists(
    client: Client, tina: User, bob: User
) -> None:
    client.force_login(tina)

    response = client.get("/admin/people/", {"sort": "name", "export": "csv"})

    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert (
        lines[0]
        .lstrip("\ufeff")
        .startswith("Name,E-mail,Tenant,Role,Business groups,State,")
    )
    assert lines[1].startswith("Bob,bob@example.test,Acme,Viewer,Operations,Invited,")


def test_prompts_are_a_dialog_for_scripts_and_a_page_for_everybody(
    client: Client, tina: User, bob: User
) -> None:
    client.force_login(tina)
    url = _url("remove-person", bob)

    page = client.get(url).content.decode()
    dialog = client.get(url, headers={"HX-Target": "prompt"}).content.decode()

    assert "<html" in page
    assert "<dialog" not in page
    assert "<html" not in dialog
    assert dialog.count("<dialog") == 1
