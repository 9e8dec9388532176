"""REQ-01, REQ-03…07, FND-09: the catalogue, the request and its estimate."""

import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import BusinessGroup, Tenant, User
from billing.models import Order
from funds.models import FundAccount, Transaction
from pricing.models import PriceVersion
from resources.models import Instance
from tests.factories.accounts import BusinessGroupFactory
from tests.factories.funds import open_account
from tests.factories.pricing import dearer, publish

URL = "/portal/acme/catalogue/instance/"
KEY = "6c0f4b3e-2f0d-4b5c-9a58-0d6f3a5f2c11"


def entered(at_group: BusinessGroup, **changed: str) -> dict[str, str]:
    """The form as a browser sends it, for a small hourly instance."""
    return {
        "group": str(at_group.pk),
        "name": "web-1",
        "vcpu": "2",
        "memory_gib": "4",
        "disk_gib": "50",
        "has_public_ip": "on",
        "sale": "HOURLY",
        "expected": "0.077173",
        "form_key": KEY,
    } | changed


def page_text(answer: Any) -> str:
    """What the page says, without its tags."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode().replace("&nbsp;", " "))
    return re.sub(r"\s+", " ", text)


def assert_nothing_changed() -> None:
    assert not Order.objects.exists()
    assert not Instance.objects.exists()
    assert not Transaction.objects.exclude(kind=10).exists()


@pytest.mark.parametrize("path", ["catalogue/", "catalogue/instance/"])
@pytest.mark.parametrize(
    ("persona", "status"),
    [
        ("alice", 200),
        ("tina", 200),
        ("mia", 200),
        ("bob", 403),
        ("charlie", 404),
        ("sam", 404),
    ],
)
def test_who_may_open_the_catalogue(
    request: pytest.FixtureRequest,
    client: Client,
    funded: FundAccount,
    path: str,
    persona: str,
    status: int,
) -> None:
    client.force_login(request.getfixturevalue(persona))

    assert client.get(f"/portal/acme/{path}").status_code == status


@pytest.mark.parametrize(
    ("persona", "status", "made"),
    [
        ("alice", 302, 1),
        ("tina", 302, 1),
        ("mia", 302, 1),
        ("bob", 403, 0),
        ("charlie", 404, 0),
        ("sam", 404, 0),
    ],
)
def test_who_may_request(
    request: pytest.FixtureRequest,
    client: Client,
    funded: FundAccount,
    group: BusinessGroup,
    persona: str,
    status: int,
    made: int,
) -> None:
    client.force_login(request.getfixturevalue(persona))

    answer = client.post(URL, entered(group))

    assert answer.status_code == status
    assert Order.objects.count() == made
    assert not Instance.objects.exists()


def test_a_prepaid_request_leads_to_its_payment(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)

    answer = client.post(URL, entered(group))

    order = Order.objects.get()
    assert answer["Location"] == f"/portal/acme/orders/{order.pk}/pay/"
    assert (order.state, order.name, order.requested_by) == (
        "PENDING_PAYMENT",
        "web-1",
        mia,
    )
    assert order.amount == Decimal("0.077173")


def test_a_postpaid_request_starts_at_once(
    client: Client, acme: Tenant, prices: PriceVersion, mia: User, group: BusinessGroup
) -> None:
    open_account(acme, kind=FundAccount.Kind.POSTPAID, groups=[group])
    client.force_login(mia)

    shown = page_text(client.get(URL))
    answer = client.post(URL, entered(group))

    order = Order.objects.get()
    assert "nothing is paid now, the use is invoiced" in shown
    assert answer["Location"] == f"/portal/acme/orders/{order.pk}/"
    assert order.state == Order.State.PROCESSING


def test_the_request_can_be_sent_twice(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)

    first = client.post(URL, entered(group))
    second = client.post(URL, entered(group))

    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1


def test_the_estimate_is_shown_with_what_is_left(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)

    shown = page_text(client.get(URL, entered(group, sale="TERM")))

    for words in (
        "2 vCPU USD 24.00",
        "4 GiB memory USD 14.00",
        "50 GiB disk USD 3.50",
        "Public IP USD 3.00",
        "Total for one month USD 44.50",
        "Acme operations USD 100.00",
        "Held until it runs USD 44.50",
        "Left afterwards USD 55.50",
        "Complete the payment first",
    ):
        assert words in shown


def test_htmx_gets_the_estimate_alone(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)

    answer = client.get(URL, entered(group), headers={"HX-Request": "true"})

    body = answer.content.decode().strip()
    assert body.startswith("<aside")
    assert "0.077173" in body
    assert 'name="expected" value="0.077173"' in body
    assert "<html" not in body


def test_the_estimate_without_javascript_makes_no_order(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)

    answer = client.post(URL, entered(group, vcpu="4", estimate="1"))

    assert answer.status_code == 200
    assert "4 vCPU USD 0.084000" in page_text(answer)
    assert 'value="web-1"' in answer.content.decode()
    assert_nothing_changed()


def test_a_price_other_than_the_one_shown_is_shown_before_anything_happens(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)

    answer = client.post(URL, entered(group, vcpu="4"))

    assert answer.status_code == 422
    assert "The price is USD 0.119173" in page_text(answer)
    assert 'name="expected" value="0.119173"' in answer.content.decode()
    assert_nothing_changed()


def test_whoever_may_recharge_is_led_there_with_what_is_missing(
    client: Client, acme_account: FundAccount, prices: PriceVersion, alice: User,
    group: BusinessGroup,
) -> None:  # fmt: skip
    client.force_login(alice)

    answer = client.get(URL, entered(group, sale="TERM"))

    shown = page_text(answer)
    assert "USD 44.50 is missing in Acme operations" in shown
    assert "Submit request" not in shown
    (link,) = re.findall(r'href="(/portal/acme/recharge/\?[^"]+)"', answer.content.decode())
    query = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
    assert query["account"] == [str(acme_account.pk)]
    assert query["amount"] == ["44.50"]
    back = urlsplit(query["return_to"][0])
    assert back.path == URL
    assert parse_qs(back.query) == {
        "group": [str(group.pk)],
        "name": ["web-1"],
        "vcpu": ["2"],
        "memory_gib": ["4"],
        "disk_gib": ["50"],
        "has_public_ip": ["on"],
        "sale": ["TERM"],
    }


def test_who_may_not_recharge_is_told_whom_to_ask(
    client: Client, acme_account: FundAccount, prices: PriceVersion, mia: User,
    group: BusinessGroup,
) -> None:  # fmt: skip
    client.force_login(mia)

    shown = page_text(client.get(URL, entered(group, sale="TERM")))

    assert "Ask Alice, who owns it, to recharge" in shown
    assert "/recharge/?" not in client.get(URL, entered(group)).content.decode()


def test_what_was_entered_is_there_again_after_a_recharge(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)

    body = client.get(URL, entered(group, name="erp", disk_gib="77")).content.decode()

    assert 'value="erp"' in body
    assert 'value="77"' in body
    assert re.search(r'name="has_public_ip"[^>]*checked', body)


def test_a_group_without_a_fund_account_says_so(
    client: Client, prices: PriceVersion, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)

    assert "no fund account to pay from" in page_text(client.get(URL))
    answer = client.post(URL, entered(group))

    assert answer.status_code == 422
    assert "no fund account yet" in page_text(answer)
    assert_nothing_changed()


def test_a_currency_without_prices_says_so(
    client: Client, acme_account: FundAccount, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)

    assert "no price list in USD" in page_text(client.get(URL))
    answer = client.post(URL, entered(group))

    assert answer.status_code == 422
    assert_nothing_changed()


BAD_VALUES = [
    "-1",
    "0",
    "NaN",
    "1e40",
    "abc",
    "",
    "1.5",
    "9" * 400,
    "٠",
    "²",
    "0x10",
    "\x00",
]


@pytest.mark.parametrize("value", BAD_VALUES)
@pytest.mark.parametrize("field", ["vcpu", "memory_gib", "disk_gib"])
def test_a_size_nobody_means_is_refused(
    client: Client,
    funded: FundAccount,
    mia: User,
    group: BusinessGroup,
    field: str,
    value: str,
) -> None:
    client.force_login(mia)

    answer = client.post(URL, entered(group, **{field: value}))
    estimate = client.get(URL, entered(group, **{field: value}))

    assert answer.status_code == 422
    assert "Please correct one thing" in page_text(answer)
    assert "Complete the configuration to see what it costs" in page_text(answer)
    assert estimate.status_code == 200
    assert_nothing_changed()


@pytest.mark.parametrize("field", ["vcpu", "memory_gib", "disk_gib"])
def test_a_size_above_the_largest_is_refused(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup, field: str
) -> None:
    client.force_login(mia)

    answer = client.post(URL, entered(group, **{field: "4,001"}))

    assert answer.status_code == 422
    assert "Enter a whole number from" in page_text(answer)
    assert_nothing_changed()


def test_digits_of_other_scripts_are_understood(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)

    answer = client.post(URL, entered(group, vcpu="٢", memory_gib="٤", disk_gib="५०"))

    assert answer.status_code == 302
    order = Order.objects.get()
    assert (order.vcpu, order.memory_gib, order.disk_gib) == (2, 4, 50)


BAD_OTHERS = [
    ("name missing", {"name": ""}),
    ("name with a blank", {"name": "my web"}),
    ("name that ends in a hyphen", {"name": "web-"}),
    ("name that is too long", {"name": "w" * 61}),
    ("name with markup", {"name": "<b>web</b>"}),
    ("group missing", {"group": ""}),
    ("group of letters", {"group": "abc"}),
    ("group that is not there", {"group": "999999"}),
    ("sale missing", {"sale": ""}),
    ("sale unknown", {"sale": "FREE"}),
    ("form key missing", {"form_key": ""}),
    ("form key of letters", {"form_key": "abc"}),
    ("nothing expected", {"expected": ""}),
    ("expected letters", {"expected": "abc"}),
    ("expected NaN", {"expected": "NaN"}),
    ("expected 1e40", {"expected": "1e40"}),
    ("expected less", {"expected": "0.000001"}),
    ("expected negative", {"expected": "-0.077173"}),
]


@pytest.mark.parametrize(("_case", "changed"), BAD_OTHERS)
def test_a_request_nobody_means_is_refused(
    client: Client,
    funded: FundAccount,
    mia: User,
    group: BusinessGroup,
    _case: str,
    changed: dict[str, str],
) -> None:
    client.force_login(mia)

    answer = client.post(URL, entered(group, **changed))

    assert answer.status_code == 422
    assert "c-errors" in answer.content.decode()
    assert_nothing_changed()


@pytest.mark.parametrize(
    "field", ["vcpu", "memory_gib", "disk_gib", "name", "sale", "group"]
)
def test_a_missing_field_is_refused(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup, field: str
) -> None:
    client.force_login(mia)
    form = entered(group)
    del form[field]

    assert client.post(URL, form).status_code == 422
    assert_nothing_changed()


def test_another_group_or_tenant_cannot_be_named(
    client: Client,
    funded: FundAccount,
    acme: Tenant,
    mia: User,
    globex_group: BusinessGroup,
) -> None:
    other = BusinessGroupFactory.create(tenant=acme, name="Not Mia's")
    client.force_login(mia)

    for foreign in (other, globex_group):
        answer = client.post(URL, entered(foreign))
        assert answer.status_code == 422
        assert "Select a valid choice" in page_text(answer)
    assert_nothing_changed()


def test_a_name_that_is_taken_is_said_at_once(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    client.force_login(mia)
    order_url = client.post(URL, entered(group))["Location"]
    client.post(order_url)

    answer = client.post(
        URL, entered(group, form_key="6c0f4b3e-2f0d-4b5c-9a58-0d6f3a5f2c12")
    )

    assert answer.status_code == 422
    assert "An instance named “web-1” exists already." in page_text(answer)
    assert Order.objects.count() == 1


def test_the_catalogue_shows_what_things_start_at(
    client: Client, funded: FundAccount, mia: User
) -> None:
    client.force_login(mia)

    shown = page_text(client.get(reverse("billing:view-catalogue", args=["acme"])))

    # 1 vCPU, 1 GiB, 10 GiB disk.
    assert "Hourly, from USD 0.028235 per hour" in shown
    assert "By the month, from USD 16.20 for one month" in shown


def test_a_new_price_is_in_the_next_estimate(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """OPS-04: without a restart."""
    from django.utils import timezone

    client.force_login(mia)
    now = timezone.now()
    publish(prices=dearer("2"), effective_from=now, at=now)

    assert "Total per hour USD 0.154346" in page_text(client.get(URL, entered(group)))
