"""Fund › Payment channels and Recharges in the admin portal (PAY-01…03, PAY-12)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Tenant, User
from payments.models import PaymentChannel, Recharge
from tests.factories import payments as make
from tests.factories.payments import answer, deliver
from tests.payments import gateway_fake
from tests.payments.test_inbox import table_hashes

pytestmark = pytest.mark.django_db
LIST = "/admin/channels/"
ADD = "/admin/channels/add/"


def _entries(tenant_: Tenant | str, /, **changes: str | None) -> dict[str, str]:
    values: dict[str, str | None] = {
        "kind": "PAYFORT",
        "tenant": tenant_ if isinstance(tenant_, str) else str(tenant_.pk),
        "name": "Card through PayFort",
        "description": "Visa, Mastercard",
        "address": f"{make.GATEWAY_ORIGIN}/FortAPI/paymentPage",
        "access_code": gateway_fake.ACCESS_CODE,
        "merchant_identifier": gateway_fake.MERCHANT,
        "sha_type": "SHA-512",
        "request_phrase": gateway_fake.REQUEST_PHRASE,
        "response_phrase": gateway_fake.RESPONSE_PHRASE,
        "return_url": "http://127.0.0.1:8000/portal/{tenant}/recharge/{recharge}/",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


@pytest.fixture
def as_tina(client: Client, tina: User) -> Client:
    client.force_login(tina)
    return client


def test_a_tenant_administrator_adds_a_channel(as_tina: Client, acme: Tenant) -> None:
    assert as_tina.get(ADD).status_code == 200

    response = as_tina.post(ADD, _entries(acme), follow=True)

    channel = PaymentChannel.objects.get()
    html = response.content.decode()
    assert response.redirect_chain == [(LIST, 302)]
    assert "Payment channel saved." in html
    assert "Card through PayFort" in html
    assert (channel.tenant, channel.sha_type) == (acme, "SHA-512")
    assert channel.credentials().request_phrase == gateway_fake.REQUEST_PHRASE


def test_the_platform_adds_one_for_every_tenant(client: Client, sam: User) -> None:
    client.force_login(sam)

    client.post(ADD, _entries("all"))

    assert PaymentChannel.objects.get().tenant is None


@pytest.mark.parametrize(
    "field",
    [
        "kind",
        "tenant",
        "name",
        "address",
        "access_code",
        "merchant_identifier",
        "sha_type",
        "request_phrase",
        "response_phrase",
        "return_url",
    ],
)
@pytest.mark.parametrize("value", ["", None])
def test_every_connection_field_is_required(
    field: str, value: str | None, as_tina: Client, acme: Tenant
) -> None:
    before = table_hashes()

    response = as_tina.post(ADD, _entries(acme, **{field: value}))

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert table_hashes() == before


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"address": "https://evil.test/"}, "address", "may not be sent to this address"),
        ({"access_code": "a-b"}, "access_code", "letters and digits only"),
        ({"merchant_identifier": "a=b"}, "merchant_identifier", "letters and digits only"),
        ({"sha_type": "SHA-128"}, "sha_type", "not one of the available choices"),
        ({"kind": "STRIPE"}, "kind", "not one of the available choices"),
        ({"tenant": "all"}, "tenant", "not one of the available choices"),
        ({"tenant": "999"}, "tenant", "not one of the available choices"),
        (
            {"response_phrase": gateway_fake.REQUEST_PHRASE},
            "response_phrase",
            "must differ",
        ),
        ({"return_url": "https://evil.test/"}, "return_url", "must be a page of"),
        ({"name": "x" * 61}, "name", "at most 60"),
    ],
)
def test_what_would_not_work_is_refused_at_its_field(
    change: dict[str, str], field: str, message: str, as_tina: Client, acme: Tenant
) -> None:
    before = table_hashes()

    response = as_tina.post(ADD, _entries(acme, **change))

    assert response.status_code == 422
    assert message in str(response.context["form"].errors[field])
    html = response.content.decode()
    assert gateway_fake.REQUEST_PHRASE not in html
    assert gateway_fake.RESPONSE_PHRASE not in html
    assert table_hashes() == before


def test_editing_never_shows_a_phrase_and_keeps_it_when_empty(
    as_tina: Client, channel: PaymentChannel
) -> None:
    url = reverse("payments_admin:edit-channel", args=[channel.pk])
    html = as_tina.get(url).content.decode()
    assert gateway_fake.REQUEST_PHRASE not in html
    assert channel.request_phrase_cipher not in html
    assert "Leave empty to keep it." in html

    entries = _entries("", name="Renamed", request_phrase="", response_phrase="")
    response = as_tina.post(url, entries, follow=True)

    channel.refresh_from_db()
    assert "Payment channel saved." in response.content.decode()
    assert channel.name == "Renamed"
    assert channel.credentials().request_phrase == gateway_fake.REQUEST_PHRASE
    assert channel.credentials().response_phrase == gateway_fake.RESPONSE_PHRASE


def test_a_channel_moves_to_no_other_tenant_or_kind(
    as_tina: Client, channel: PaymentChannel, globex: Tenant, acme: Tenant
) -> None:
    url = reverse("payments_admin:edit-channel", args=[channel.pk])

    as_tina.post(url, {**_entries(globex), "id": "999", "deleted_at": "2026-01-01"})

    channel.refresh_from_db()
    assert channel.tenant == acme
    assert not channel.is_deleted


def test_disabling_and_enabling(
    as_tina: Client, channel: PaymentChannel, acme: Tenant
) -> None:
    disable = reverse("payments_admin:disable-channel", args=[channel.pk])
    assert "can still be paid" in as_tina.get(disable).content.decode()
    html = as_tina.post(disable, follow=True).content.decode()
    channel.refresh_from_db()
    assert "Payment channel disabled." in html
    assert not channel.is_active

    enable = reverse("payments_admin:enable-channel", args=[channel.pk])
    html = as_tina.post(enable, follow=True).content.decode()
    channel.refresh_from_db()
    assert "Payment channel enabled." in html
    assert channel.is_active


def test_deleting(as_tina: Client, channel: PaymentChannel) -> None:
    url = reverse("payments_admin:delete-channel", args=[channel.pk])
    assert "cannot be brought back" in as_tina.get(url).content.decode()

    html = as_tina.post(url, follow=True).content.decode()

    channel.refresh_from_db()
    assert "Payment channel deleted." in html
    assert channel.is_deleted
    assert as_tina.get(url).status_code == 404


def test_deleting_a_channel_in_use_is_refused(
    as_tina: Client, channel: PaymentChannel, recharge: Recharge
) -> None:
    url = reverse("payments_admin:delete-channel", args=[channel.pk])

    response = as_tina.post(url)

    channel.refresh_from_db()
    assert response.status_code == 422
    assert "Disable it" in response.content.decode()
    assert not channel.is_deleted


@pytest.mark.parametrize(
    ("persona", "looks", "edits"),
    [
        ("sam", 200, 200),
        ("tina", 200, 200),
        ("alice", 403, 403),
        ("mia", 403, 403),
        ("bob", 403, 403),
        ("charlie", 403, 403),
    ],
)
def test_who_sees_and_edits_channels(
    persona: str,
    looks: int,
    edits: int,
    request: Any,
    client: Client,
    channel: PaymentChannel,
) -> None:
    client.force_login(request.getfixturevalue(persona))
    before = table_hashes()

    assert client.get(LIST).status_code == looks
    assert client.get(ADD).status_code == edits
    for verb in ("edit", "disable", "enable", "delete"):
        url = reverse(f"payments_admin:{verb}-channel", args=[channel.pk])
        assert client.get(url).status_code == edits
        if edits != 200:
            assert client.post(url).status_code == edits

    after = table_hashes()
    assert {n for n in after if after[n] != before[n]} <= {"django_session"}


def test_an_auditor_looks_and_touches_nothing(
    client: Client, channel: PaymentChannel
) -> None:
    from tests.factories.accounts import UserFactory

    client.force_login(UserFactory.create(staff_role=User.StaffRole.AUDITOR))

    html = client.get(LIST).content.decode()

    assert "Card through PayFort" in html
    assert "Add payment channel" not in html
    assert f"/admin/channels/{channel.pk}/" not in html
    assert client.get(ADD).status_code == 403


def test_a_tenant_administrator_sees_the_own_channels_only(
    as_tina: Client, channel: PaymentChannel, sam: User, globex: Tenant
) -> None:
    theirs = make.make_channel(sam, globex, name="Theirs")
    everybodys = make.make_channel(sam, name="Everybodys")

    html = as_tina.get(LIST).content.decode()

    assert "Card through PayFort" in html
    assert "Theirs" not in html
    assert "Everybodys" not in html
    for other in (theirs, everybodys):
        url = reverse("payments_admin:edit-channel", args=[other.pk])
        assert as_tina.get(url).status_code == 404
        assert as_tina.post(url, _entries("", name="Mine")).status_code == 404


# ---------------------------------------------------------------- recharges


def test_the_billing_team_sees_what_is_in_doubt(
    client: Client, sam: User, recharge: Recharge, channel: PaymentChannel
) -> None:
    deliver(channel, answer(recharge, amount="1999"))
    client.force_login(sam)

    listed = client.get("/admin/recharges/", {"state": "REVIEW"}).content.decode()
    page = client.get(f"/admin/recharges/{recharge.pk}/").content.decode()
    suspense = client.get("/admin/recharges/suspense/").content.decode()

    assert recharge.number in listed
    assert "Other amount or currency than asked" in page
    assert "Needs review" in page
    assert "19.99" in page
    assert "19.99" in suspense


def test_a_tenant_administrator_sees_own_recharges_and_suspense(
    as_tina: Client, recharge: Recharge, sam: User, globex: Tenant
) -> None:
    theirs = make.make_channel(sam, globex, name="Theirs")
    deliver(theirs, answer(recharge, merchant_reference="ANOTHER", fort_id="4711"))

    assert recharge.number in as_tina.get("/admin/recharges/").content.decode()
    assert "4711" not in as_tina.get("/admin/recharges/suspense/").content.decode()


def test_recharges_of_others_are_absent(
    client: Client, charlie: User, recharge: Recharge
) -> None:
    client.force_login(charlie)

    assert client.get(f"/admin/recharges/{recharge.pk}/").status_code == 403
