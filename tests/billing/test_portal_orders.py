"""ORD-01, ORD-02, REQ-03, REQ-04, FND-09: orders in the user portal."""

import re
from decimal import Decimal

import pytest
from django.test import Client

import funds.queries
from accounts.models import BusinessGroup, Tenant, User
from billing.actions import deployments
from billing.models import Order
from funds.models import FundAccount
from pricing.models import PriceVersion, Sale
from resources.models import Instance
from tests.billing.test_portal_request import page_text
from tests.factories.accounts import BusinessGroupFactory, MembershipFactory
from tests.factories.billing import NOON, completed, submitted, wanted
from tests.factories.funds import open_account

CAST = [
    ("alice", 200),
    ("tina", 200),
    ("mia", 200),
    ("bob", 200),
    ("charlie", 404),
    ("sam", 404),
]


@pytest.fixture
def order(funded: FundAccount, mia: User, group: BusinessGroup) -> Order:
    """Mia's unpaid order of a month."""
    return submitted(mia, wanted(group, name="erp", sale=Sale.TERM))


def held(account: FundAccount) -> Decimal:
    return funds.queries.balance_of(account.pk).held.amount


@pytest.mark.parametrize(("persona", "status"), CAST)
@pytest.mark.parametrize("page", ["orders/", "orders/{id}/"])
def test_who_may_look(
    request: pytest.FixtureRequest,
    client: Client,
    order: Order,
    page: str,
    persona: str,
    status: int,
) -> None:
    client.force_login(request.getfixturevalue(persona))

    assert client.get(f"/portal/acme/{page.format(id=order.pk)}").status_code == status


@pytest.mark.parametrize(
    ("persona", "status", "is_paid"),
    [
        ("alice", 302, True),
        ("tina", 302, True),
        ("mia", 302, True),
        ("bob", 403, False),
        ("charlie", 404, False),
        ("sam", 404, False),
    ],
)
def test_who_may_pay(
    request: pytest.FixtureRequest,
    client: Client,
    funded: FundAccount,
    order: Order,
    persona: str,
    status: int,
    is_paid: bool,
) -> None:
    client.force_login(request.getfixturevalue(persona))

    answer = client.post(f"/portal/acme/orders/{order.pk}/pay/")

    order.refresh_from_db()
    assert answer.status_code == status
    assert (order.state == Order.State.PROCESSING) is is_paid
    assert Instance.objects.exists() is is_paid
    assert held(funded) == (Decimal("44.50") if is_paid else 0)


@pytest.mark.parametrize(
    ("persona", "status", "is_cancelled"),
    [
        ("tina", 302, True),
        ("mia", 302, True),
        ("bob", 403, False),
        ("charlie", 404, False),
        ("sam", 404, False),
    ],
)
def test_who_may_cancel(
    request: pytest.FixtureRequest,
    client: Client,
    order: Order,
    persona: str,
    status: int,
    is_cancelled: bool,
) -> None:
    client.force_login(request.getfixturevalue(persona))

    answer = client.post(f"/portal/acme/orders/{order.pk}/cancel/")

    order.refresh_from_db()
    assert answer.status_code == status
    assert (order.state == Order.State.CANCELLED) is is_cancelled


@pytest.mark.parametrize("page", ["pay", "cancel"])
def test_a_member_of_another_group_looks_and_does_nothing(
    client: Client, acme: Tenant, order: Order, page: str
) -> None:
    other = MembershipFactory.create(tenant=acme)
    other.groups.add(BusinessGroupFactory.create(tenant=acme))
    client.force_login(other.user)

    assert client.get(f"/portal/acme/orders/{order.pk}/").status_code == 200
    assert client.get(f"/portal/acme/orders/{order.pk}/{page}/").status_code == 403
    assert client.post(f"/portal/acme/orders/{order.pk}/{page}/").status_code == 403

    order.refresh_from_db()
    assert order.state == Order.State.PENDING_PAYMENT


@pytest.mark.parametrize("page", ["", "pay/", "cancel/"])
@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999"])
def test_an_order_that_is_not_there_is_not_found(
    client: Client, funded: FundAccount, mia: User, page: str, number: str
) -> None:
    client.force_login(mia)

    assert client.get(f"/portal/acme/orders/{number}/{page}").status_code == 404


def test_another_tenant_s_order_is_not_found(
    client: Client,
    order: Order,
    globex: Tenant,
    globex_group: BusinessGroup,
    charlie: User,
) -> None:
    client.force_login(charlie)

    for page in ("", "pay/", "cancel/"):
        assert client.get(f"/portal/globex/orders/{order.pk}/{page}").status_code == 404
        status = client.post(f"/portal/globex/orders/{order.pk}/{page}").status_code
        assert status in {404, 405}
    order.refresh_from_db()
    assert order.state == Order.State.PENDING_PAYMENT


def test_the_payment_page_adds_up(client: Client, order: Order, mia: User) -> None:
    client.force_login(mia)

    shown = page_text(client.get(f"/portal/acme/orders/{order.pk}/pay/"))

    for words in (
        "Complete the payment",
        "2 vCPU, 4 GiB memory, 50 GiB disk, public IP",
        "Available in Acme operations USD 100.00",
        "To be held until it runs USD 44.50",
        "Left afterwards USD 55.50",
        "Pay from the balance",
    ):
        assert words in shown


def test_too_little_money_is_said_with_the_amount_and_a_way_out(
    client: Client,
    acme_account: FundAccount,
    prices: PriceVersion,
    alice: User,
    mia: User,
    group: BusinessGroup,
) -> None:
    order = submitted(mia, wanted(group, sale=Sale.TERM))
    url = f"/portal/acme/orders/{order.pk}/pay/"

    client.force_login(alice)
    owner = client.get(url)
    client.force_login(mia)
    member = page_text(client.get(url))
    refused = client.post(url)

    assert "USD 44.50 is missing in Acme operations" in page_text(owner)
    assert re.search(r"/recharge/\?account=\d+&amp;amount=44.50", owner.content.decode())
    assert "Ask Alice, who owns it, to recharge" in member
    assert "Pay from the balance" not in member
    assert refused.status_code == 422
    assert "USD 44.50 is missing" in page_text(refused)
    order.refresh_from_db()
    assert (order.state, order.instance_id) == (Order.State.PENDING_PAYMENT, None)


def test_after_payment_the_order_tells_its_story(
    client: Client, order: Order, mia: User
) -> None:
    client.force_login(mia)

    answer = client.post(f"/portal/acme/orders/{order.pk}/pay/", follow=True)
    working = page_text(answer)
    deployments.deploy(order_id=order.pk, now=lambda: NOON)
    done = client.get(f"/portal/acme/orders/{order.pk}/")

    assert answer.redirect_chain == [(f"/portal/acme/orders/{order.pk}/", 302)]
    assert "Payment complete. The deployment has started." in working
    assert "The instance is being deployed" in working
    shown = page_text(done)
    for words in (
        "erp Completed",
        "Instance runs",
        "Held amount deducted USD 44.50, T-",
        "Amount held from the fund account USD 44.50, T-",
        "Order submitted",
        "Open the instance",
    ):
        assert words in shown
    assert shown.index("Instance runs") < shown.index("Order submitted")


def test_htmx_looks_again_until_it_is_decided(
    client: Client, order: Order, mia: User
) -> None:
    url = f"/portal/acme/orders/{order.pk}/"
    client.force_login(mia)
    client.post(f"{url}pay/")

    working = client.get(url, headers={"HX-Request": "true"})
    deployments.deploy(order_id=order.pk, now=lambda: NOON)
    done = client.get(url, headers={"HX-Request": "true"})

    assert "load delay:2s" in working.content.decode()
    assert done.headers["HX-Refresh"] == "true"


def test_a_failed_order_offers_the_same_again(
    client: Client, funded: FundAccount, mia: User, bob: User, group: BusinessGroup
) -> None:
    order = completed(mia, wanted(group, name="fail-erp", sale=Sale.TERM))
    client.force_login(mia)

    answer = client.get(f"/portal/acme/orders/{order.pk}/")
    client.force_login(bob)
    onlooker = page_text(client.get(f"/portal/acme/orders/{order.pk}/"))

    shown = page_text(answer)
    assert "Nothing was charged; what was held is available again." in shown
    assert "The simulated cloud has no room for this instance." in shown
    (link,) = re.findall(r'href="(/portal/acme/catalogue/instance/\?[^"]+)"',
                         answer.content.decode())  # fmt: skip
    form = client.get(link.replace("&amp;", "&"))
    assert form.status_code == 403
    client.force_login(mia)
    assert 'value="fail-erp"' in client.get(link.replace("&amp;", "&")).content.decode()
    assert "Request again" not in onlooker


def test_paying_twice_leads_to_the_order_both_times(
    client: Client, funded: FundAccount, order: Order, mia: User
) -> None:
    client.force_login(mia)
    url = f"/portal/acme/orders/{order.pk}/pay/"

    first, second = client.post(url), client.post(url)

    assert first["Location"] == second["Location"] == f"/portal/acme/orders/{order.pk}/"
    assert held(funded) == Decimal("44.50")


def test_cancelling_asks_first(client: Client, order: Order, mia: User) -> None:
    client.force_login(mia)

    page = client.get(f"/portal/acme/orders/{order.pk}/cancel/")
    dialog = client.get(
        f"/portal/acme/orders/{order.pk}/cancel/",
        headers={"HX-Request": "true", "HX-Target": "prompt"},
    )

    assert "“erp” will not be deployed" in page_text(page)
    assert dialog.content.decode().strip().startswith("<dialog")
    order.refresh_from_db()
    assert order.state == Order.State.PENDING_PAYMENT


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["erp", "web"]),
        ("?state=PENDING_PAYMENT", ["erp"]),
        ("?q=web", ["web"]),
        ("?q=Mia&sale=HOURLY", ["web"]),
        ("?from_day=2199-01-01", []),
        ("?state=NONE&from_day=NaN", ["erp", "web"]),
    ],
)
def test_orders_are_found(
    client: Client,
    order: Order,
    mia: User,
    group: BusinessGroup,
    query: str,
    found: list[str],
) -> None:
    completed(mia, wanted(group, name="web"))
    client.force_login(mia)

    body = client.get(f"/portal/acme/orders/{query}").content.decode()

    assert sorted(re.findall(r'<a class="c-row"[^>]*>(\w+)</a>', body)) == found


def test_orders_are_exported(client: Client, order: Order, mia: User) -> None:
    client.force_login(mia)

    answer = client.get("/portal/acme/orders/?export=csv")

    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Order,Number,Business group")
    assert lines[1].startswith(f"erp,{order.number},Operations")
    assert "44.5" in lines[1]


def test_the_account_of_others_is_not_linked(
    client: Client, acme: Tenant, prices: PriceVersion, mia: User, tina: User,
    group: BusinessGroup,
) -> None:  # fmt: skip
    account = open_account(acme, groups=[group])
    order = submitted(mia, wanted(group))
    url = f"/portal/acme/orders/{order.pk}/"

    client.force_login(mia)
    member = client.get(url).content.decode()
    client.force_login(tina)
    administrator = client.get(url).content.decode()

    link = f'href="/portal/acme/fund-accounts/{account.pk}/"'
    assert link not in member
    assert link in administrator
