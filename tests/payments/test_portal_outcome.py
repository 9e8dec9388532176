"""Fund › Recharge in the user portal: what came of it, and the list (PAY-08, PAY-11)."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Tenant, User
from payments.actions import recharges
from payments.models import PaymentChannel, Recharge
from tests.factories import payments as make
from tests.factories.payments import answer, declined, deliver

pytestmark = pytest.mark.django_db
START = "/portal/acme/recharge/"


@pytest.fixture
def as_alice(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def _entries(account_: Any, channel_: PaymentChannel, /, **changes: Any) -> dict[str, str]:
    values = {
        "account": account_.pk,
        "amount": "20.00",
        "channel": channel_.pk,
        "form_key": uuid.uuid4(),
        "return_to": "",
        **changes,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


# ---------------------------------------------------------------- the outcome


def _page(client: Client, recharge: Recharge) -> str:
    response = client.get(f"/portal/acme/recharge/{recharge.pk}/")
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode())).replace(
        "&nbsp;", " "
    )


def test_a_payment_that_waits_looks_again_by_itself(
    as_alice: Client, recharge: Recharge
) -> None:
    html = as_alice.get(f"/portal/acme/recharge/{recharge.pk}/").content.decode()

    assert "Waiting for the payment provider" in html
    assert "Do not pay a second time" in html
    assert 'hx-trigger="load delay:2s"' in html
    assert "?look=1" in html


@pytest.mark.parametrize(("look", "pause"), [(1, 2), (4, 8), (8, 60), (500, 60)])
def test_it_looks_less_and_less_often(
    look: int, pause: int, as_alice: Client, recharge: Recharge
) -> None:
    fragment = as_alice.get(
        f"/portal/acme/recharge/{recharge.pk}/?look={look}", headers={"HX-Request": "true"}
    ).content.decode()

    assert f'hx-trigger="load delay:{pause}s"' in fragment
    assert f"?look={look + 1}" in fragment
    assert "<html" not in fragment


@pytest.mark.parametrize("look", ["x", "-1", "9" * 50, "١"])
def test_nonsense_for_a_look_is_the_first(
    look: str, as_alice: Client, recharge: Recharge
) -> None:
    html = as_alice.get(f"/portal/acme/recharge/{recharge.pk}/", {"look": look})

    assert "?look=1" in html.content.decode()


def test_once_decided_the_whole_page_comes_anew(
    as_alice: Client, recharge: Recharge, channel: PaymentChannel
) -> None:
    deliver(channel, answer(recharge))

    response = as_alice.get(
        f"/portal/acme/recharge/{recharge.pk}/?look=3", headers={"HX-Request": "true"}
    )

    assert response["HX-Refresh"] == "true"


def test_a_credited_recharge_shows_the_new_balance(
    as_alice: Client, recharge: Recharge, channel: PaymentChannel
) -> None:
    deliver(channel, answer(recharge))

    text = _page(as_alice, recharge)

    assert "USD 20.00 received" in text
    assert "Acme operations now holds USD 20.00" in text
    assert "Credited" in text
    assert "Signed confirmation checked" in text
    assert "Waiting" not in text


def test_a_credited_recharge_leads_back(
    as_alice: Client, alice: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    """PAY-17: to the page the payer came from."""
    entries = _entries(acme_account, channel, return_to="/portal/acme/orders/12/?a=b")
    as_alice.post(START, entries)
    recharge = Recharge.objects.get()
    recharges.redirect(recharge_id=recharge.pk, at=timezone.now())
    deliver(channel, answer(recharge), at=timezone.now())

    html = as_alice.get(f"/portal/acme/recharge/{recharge.pk}/").content.decode()

    assert 'href="/portal/acme/orders/12/?a=b"' in html


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test/",
        "\\\\evil.test",
        "https:evil.test",
        "javascript:alert(1)",
        "/\t/evil.test",
        "///evil.test",
        "evil.test",
        "http://127.0.0.1:8000@evil.test",
        "/é",
        "/" + "a" * 500,
    ],
)
def test_a_place_elsewhere_is_dropped(
    elsewhere: str, as_alice: Client, acme_account: Any, channel: PaymentChannel
) -> None:
    as_alice.post(START, _entries(acme_account, channel, return_to=elsewhere))

    assert Recharge.objects.get().return_to == ""


@pytest.mark.parametrize(
    ("code", "heading", "reason"),
    [
        ("13666", "The payment was declined", "declined it without giving a reason"),
        ("13029", "The payment was declined", "there is not enough money on the card"),
        ("13999", "The payment was declined", ""),
        ("00072", "You cancelled the payment", ""),
    ],
)
def test_what_came_to_nothing_says_so(
    code: str,
    heading: str,
    reason: str,
    as_alice: Client,
    recharge: Recharge,
    channel: PaymentChannel,
) -> None:
    deliver(channel, declined(recharge, code))

    text = _page(as_alice, recharge)

    assert heading in text
    assert "Nothing was taken and the balance is unchanged." in text
    assert "Acme operations holds USD 0.00" in text
    assert reason in text
    assert "Try again" in text
    assert f"Quote {recharge.number}" in text


def test_trying_again_fills_the_form_as_before(
    as_alice: Client, recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    deliver(channel, declined(recharge))

    html = as_alice.get(f"/portal/acme/recharge/{recharge.pk}/").content.decode()

    query = f"account={acme_account.pk}&amp;amount=20.00"
    assert f'href="{START}?{query}"' in html


def test_a_recharge_in_review_promises_nothing(
    as_alice: Client, recharge: Recharge, channel: PaymentChannel
) -> None:
    deliver(channel, answer(recharge, amount="1"))

    text = _page(as_alice, recharge)

    assert "We are looking at this payment" in text
    assert "Nothing is lost" in text
    assert "Try again" not in text


@pytest.mark.parametrize(
    ("persona", "status"),
    [("alice", 200), ("tina", 200), ("mia", 403), ("bob", 403), ("charlie", 404)],
)
def test_who_sees_a_recharge(
    persona: str, status: int, request: Any, client: Client, recharge: Recharge
) -> None:
    client.force_login(request.getfixturevalue(persona))

    assert client.get(f"/portal/acme/recharge/{recharge.pk}/").status_code == status
    assert client.get("/portal/acme/recharges/").status_code == status


def test_a_recharge_of_another_tenant_is_absent(
    client: Client, tina: User, recharge: Recharge, globex: Tenant
) -> None:
    from accounts.models import Membership
    from tests.factories.accounts import MembershipFactory

    MembershipFactory.create(tenant=globex, user=tina, role=Membership.Role.TENANT_ADMIN)
    client.force_login(tina)

    response = client.get(f"/portal/globex/recharge/{recharge.pk}/")

    assert response.status_code == 404


# ---------------------------------------------------------------- the list


def test_the_list_shows_paid_and_unpaid(
    as_alice: Client,
    alice: User,
    acme_account: Any,
    recharge: Recharge,
    channel: PaymentChannel,
) -> None:
    paid = make.start_recharge(alice, acme_account, channel, "30.00")
    deliver(channel, answer(paid))
    failed = make.start_recharge(alice, acme_account, channel, "40.00")
    deliver(channel, declined(failed))

    html = as_alice.get("/portal/acme/recharges/").content.decode()

    for text in (
        recharge.number,
        paid.number,
        failed.number,
        "Waiting for payment",
        "Credited",
        "Declined",
        "30.00",
    ):
        assert text in html

    only = as_alice.get("/portal/acme/recharges/", {"state": "FAILED"}).content.decode()
    assert failed.number in only
    assert paid.number not in only


def test_the_empty_list_says_what_it_is_for(as_alice: Client, acme_account: Any) -> None:
    html = as_alice.get("/portal/acme/recharges/").content.decode()

    assert "No recharges yet" in html
    assert reverse("payments:start-recharge", args=["acme"]) in html


def test_the_list_is_exported(as_alice: Client, recharge: Recharge) -> None:
    response = as_alice.get("/portal/acme/recharges/?export=csv")

    body = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert recharge.number in body
    assert "20.00" in body
