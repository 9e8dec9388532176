"""Fund › Recharge in the user portal: the form and leaving (PAY-04…07, F51)."""

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import BusinessGroup, Tenant, User
from features.actions import settings as features
from funds.actions import fund_accounts
from payments.gateways.payfort import signature
from payments.models import PaymentChannel, Recharge
from tests.factories import payments as make
from tests.factories.accounts import BusinessGroupFactory
from tests.factories.payments import NOON, declined, deliver
from tests.payments import gateway_fake
from tests.payments.test_inbox import table_hashes

pytestmark = pytest.mark.django_db
START = "/portal/acme/recharge/"


@pytest.fixture
def as_alice(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def second_account(acme: Tenant, alice: User, tina: User) -> Any:
    group: BusinessGroup = BusinessGroupFactory.create(tenant=acme, name="Research")
    return fund_accounts.open(
        actor=tina,
        tenant_id=acme.pk,
        name="Research",
        description="",
        group_ids=[group.pk],
        owner_id=alice.pk,
        kind="PREPAID",
        at=NOON - timedelta(days=1),
    )


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


# ---------------------------------------------------------------- the form


def test_the_one_account_is_preselected(
    as_alice: Client, acme_account: Any, channel: PaymentChannel
) -> None:
    page = as_alice.get(START)

    html = page.content.decode()
    assert page.status_code == 200
    assert page.context["form"]["account"].value() == str(acme_account.pk)
    assert f'<option value="{acme_account.pk}" selected>' in html
    assert "Choose a fund account" not in html
    assert "Card through PayFort" in html
    assert "Continue to PayFort" in html


def test_of_several_accounts_one_is_chosen(
    as_alice: Client, acme_account: Any, second_account: Any, channel: PaymentChannel
) -> None:
    html = as_alice.get(START).content.decode()

    assert '<option value="" selected>Choose a fund account</option>' in html
    assert "Acme operations" in html
    assert "Research" in html
    assert "Balance now" not in html

    chosen = as_alice.get(START, {"account": second_account.pk, "amount": "12.50"})
    html = chosen.content.decode()
    assert f'<option value="{second_account.pk}" selected>' in html
    assert 'value="12.50"' in html
    assert "Balance now" in html


def test_choosing_an_account_swaps_the_panel_only(
    as_alice: Client, acme_account: Any, second_account: Any, channel: PaymentChannel
) -> None:
    page = as_alice.get(
        START, {"account": second_account.pk}, headers={"HX-Request": "true"}
    )

    html = page.content.decode().strip()
    assert html.startswith('<div id="recharge-panel">')
    assert "<html" not in html


def test_somebody_elses_account_is_not_offered_or_preselected(
    as_alice: Client,
    acme: Tenant,
    acme_account: Any,
    tina: User,
    channel: PaymentChannel,
) -> None:
    group = BusinessGroupFactory.create(tenant=acme, name="Other")
    other = fund_accounts.open(
        actor=tina,
        tenant_id=acme.pk,
        name="Not Alice's",
        description="",
        group_ids=[group.pk],
        owner_id=tina.pk,
        kind="PREPAID",
        at=NOON - timedelta(days=1),
    )

    html = as_alice.get(START, {"account": other.pk}).content.decode()

    assert "Not Alice" not in html


def test_without_a_channel_the_page_says_so(as_alice: Client, acme_account: Any) -> None:
    html = as_alice.get(START).content.decode()

    assert "No payment channel is set up" in html
    assert 'name="amount"' not in html


def test_the_limits_stand_in_the_help(
    as_alice: Client, sam: User, acme_account: Any, channel: PaymentChannel
) -> None:
    features.change(actor=sam, key="minimum_recharge", typed="10", at=NOON)
    features.change(actor=sam, key="maximum_recharge", typed="500", at=NOON)

    assert "From USD 10.00 to USD 500.00 at a time." in as_alice.get(START).content.decode()

    features.change(actor=sam, key="maximum_recharge", typed="", at=NOON)
    assert "From USD 10.00 at a time." in as_alice.get(START).content.decode()


def test_a_recharge_leads_to_the_page_that_leaves(
    as_alice: Client, alice: User, acme_account: Any, channel: PaymentChannel
) -> None:
    response = as_alice.post(START, _entries(acme_account, channel))

    recharge = Recharge.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/portal/acme/recharge/{recharge.pk}/pay/"
    assert recharge.amount == Decimal("20.00")
    assert recharge.payer == alice
    assert recharge.state == Recharge.State.CREATED


def test_the_same_form_sent_twice_starts_one_recharge(
    as_alice: Client, acme_account: Any, channel: PaymentChannel
) -> None:
    entries = _entries(acme_account, channel)

    places = {as_alice.post(START, entries)["Location"] for _ in range(2)}

    assert Recharge.objects.count() == 1
    assert len(places) == 1


def test_a_used_form_with_other_entries_can_be_sent_once_more(
    as_alice: Client, acme_account: Any, channel: PaymentChannel
) -> None:
    entries = _entries(acme_account, channel)
    as_alice.post(START, entries)

    page = as_alice.post(START, {**entries, "amount": "30.00"})

    renewed = page.context["form"]["form_key"].value()
    assert page.status_code == 422
    assert "sent before with other entries" in page.content.decode()
    assert renewed != entries["form_key"]
    again = {**entries, "amount": "30.00", "form_key": renewed}
    assert as_alice.post(START, again).status_code == 302
    assert Recharge.objects.count() == 2


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("20", "20"),
        ("  20.5 ", "20.50"),
        ("1,234.50", "1234.50"),
        ("٢٠٫٥٠", "20.50"),
        ("１２", "12"),
        ("+7.00", "7.00"),
        ("0.01", "0.01"),
    ],
)
def test_amounts_are_read_as_people_write_them(
    typed: str, amount: str, as_alice: Client, acme_account: Any, channel: PaymentChannel
) -> None:
    response = as_alice.post(START, _entries(acme_account, channel, amount=typed))

    assert response.status_code == 302
    assert Recharge.objects.get().amount == Decimal(amount)


BAD: list[tuple[dict[str, str | None], str]] = [
    ({"amount": "0"}, "The smallest recharge is USD 0.01; you entered 0.00."),
    ({"amount": "-5"}, "The smallest recharge is USD 0.01; you entered −5.00."),
    ({"amount": "-0"}, "The smallest recharge is USD 0.01"),
    ({"amount": "0.001"}, "USD has 2 decimals; you entered “0.001”."),
    ({"amount": "NaN"}, "Enter an amount as a number"),
    ({"amount": "sNaN"}, "Enter an amount as a number"),
    ({"amount": "Infinity"}, "Enter an amount as a number"),
    ({"amount": "1e3"}, "Enter an amount as a number"),
    ({"amount": "1e40"}, "Enter an amount as a number"),
    ({"amount": "1" + "0" * 39}, "Enter an amount as a number"),
    ({"amount": "99999999999999"}, "That amount is too large"),
    ({"amount": "100000000.00"}, "at most USD 99,999,999.99 at a time"),
    ({"amount": "abc"}, "Enter an amount as a number"),
    ({"amount": "0x10"}, "Enter an amount as a number"),
    ({"amount": "²"}, "Enter an amount as a number"),
    ({"amount": "5,00"}, "Enter an amount as a number"),
    ({"amount": ""}, "Enter the amount to recharge."),
    ({"amount": None}, "Enter the amount to recharge."),
    ({"amount": "1" * 500}, "at most 40 characters"),
    ({"amount": "2\x000"}, "Null characters are not allowed"),
    ({"account": ""}, "Choose a fund account."),
    ({"account": None}, "Choose a fund account."),
    ({"account": "999999"}, "Choose one of your fund accounts."),
    ({"account": "nonsense"}, "Choose one of your fund accounts."),
    ({"account": "-1"}, "Choose one of your fund accounts."),
    ({"channel": ""}, "Choose a payment channel."),
    ({"channel": None}, "Choose a payment channel."),
    ({"channel": "999999"}, "Choose one of the payment channels offered."),
    ({"channel": "nonsense"}, "Choose one of the payment channels offered."),
    ({"form_key": ""}, "this form is not complete"),
    ({"form_key": None}, "this form is not complete"),
    ({"form_key": "nonsense"}, "this form is not complete"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=lambda value: str(value)[:40])
def test_bad_entries_are_refused_in_words(
    change: dict[str, str | None],
    message: str,
    as_alice: Client,
    acme_account: Any,
    channel: PaymentChannel,
) -> None:
    before = table_hashes()

    response = as_alice.post(START, _entries(acme_account, channel, **change))

    html = response.content.decode()
    assert response.status_code == 422
    assert message in html.replace("&#x27;", "'")
    assert "Please correct" in html
    if change.get("amount") and "\x00" not in str(change["amount"]):
        assert f'value="{change["amount"]}"' in html  # what was typed is not lost
    assert table_hashes() == before


def test_what_another_tenant_has_is_not_taken(
    as_alice: Client,
    acme_account: Any,
    channel: PaymentChannel,
    sam: User,
    globex: Tenant,
    globex_group: BusinessGroup,
    charlie: User,
) -> None:
    theirs = make.make_channel(sam, globex, name="Theirs")
    their_account = fund_accounts.open(
        actor=sam,
        tenant_id=globex.pk,
        name="Theirs",
        description="",
        group_ids=[globex_group.pk],
        owner_id=charlie.pk,
        kind="PREPAID",
        at=NOON - timedelta(days=1),
    )
    before = table_hashes()

    for change in ({"account": their_account.pk}, {"channel": theirs.pk}):
        response = as_alice.post(START, _entries(acme_account, channel, **change))
        assert response.status_code == 422

    assert table_hashes() == before


@pytest.mark.parametrize(
    ("persona", "status", "started"),
    [
        ("alice", 302, 1),
        ("tina", 403, 0),
        ("mia", 403, 0),
        ("bob", 403, 0),
        ("charlie", 404, 0),
    ],
)
def test_who_may_recharge(
    persona: str,
    status: int,
    started: int,
    request: Any,
    client: Client,
    acme_account: Any,
    channel: PaymentChannel,
) -> None:
    client.force_login(request.getfixturevalue(persona))

    page = client.get(START)
    response = client.post(START, _entries(acme_account, channel))

    assert page.status_code == (200 if status == 302 else status)
    assert response.status_code == status
    assert Recharge.objects.count() == started


# ---------------------------------------------------------------- leaving


def _form_on(html: str) -> tuple[str, dict[str, str]]:
    action = re.search(r'<form method="post" action="([^"]+)"[^>]*data-leave', html)
    assert action
    form = html[action.start() : html.index("</form>", action.start())]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    assert "csrfmiddlewaretoken" not in form
    assert "hx-" not in form
    assert 'name="' not in form[form.index("<button") :]
    return action[1], dict(fields)


def test_the_leaving_page_posts_the_signed_form(
    as_alice: Client, acme_account: Any, channel: PaymentChannel
) -> None:
    place = as_alice.post(START, _entries(acme_account, channel))["Location"]

    page = as_alice.get(place)

    recharge = Recharge.objects.get()
    url, fields = _form_on(page.content.decode())
    assert url == f"{make.GATEWAY_ORIGIN}/FortAPI/paymentPage"
    assert fields["amount"] == "2000"
    assert fields["currency"] == "USD"
    assert fields["merchant_reference"] == recharge.merchant_reference
    assert fields["return_url"] == f"http://127.0.0.1:8000/pay/{channel.pk}/return"
    assert signature.verify(fields, phrase=gateway_fake.REQUEST_PHRASE, sha_type="SHA-256")
    assert recharge.state == Recharge.State.REDIRECTED
    for secret in (gateway_fake.REQUEST_PHRASE, gateway_fake.RESPONSE_PHRASE):
        assert secret not in page.content.decode()


def test_only_the_payer_leaves(
    client: Client, recharge: Recharge, tina: User, charlie: User, mia: User
) -> None:
    place = f"/portal/acme/recharge/{recharge.pk}/pay/"

    for person, status in ((tina, 403), (mia, 403), (charlie, 404)):
        client.force_login(person)
        assert client.get(place).status_code == status


def test_a_decided_recharge_is_not_sent_again(
    as_alice: Client, recharge: Recharge, channel: PaymentChannel
) -> None:
    deliver(channel, declined(recharge))

    response = as_alice.get(f"/portal/acme/recharge/{recharge.pk}/pay/")

    assert response.status_code == 302
    assert response["Location"] == f"/portal/acme/recharge/{recharge.pk}/"
