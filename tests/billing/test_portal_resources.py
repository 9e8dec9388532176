"""REQ-04: what runs, what it costs, and ending it, in the user portal."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import BusinessGroup, Tenant, User
from billing.actions import deductions
from billing.models import Subscription
from cmp.lib.clock import hour_floor
from funds.models import FundAccount
from pricing.models import Sale
from resources.models import Instance
from tests.billing.test_portal_request import page_text
from tests.factories.accounts import BusinessGroupFactory, MembershipFactory
from tests.factories.billing import NOON, completed, hours_after, running, wanted


@pytest.fixture
def subscription(funded: FundAccount, mia: User, group: BusinessGroup) -> Subscription:
    """An instance of Mia's that runs by the hour."""
    return running(mia, group, name="web")


@pytest.mark.parametrize(
    ("persona", "status"),
    [
        ("alice", 200),
        ("tina", 200),
        ("mia", 200),
        ("bob", 200),
        ("charlie", 404),
        ("sam", 404),
    ],
)
@pytest.mark.parametrize("page", ["resources/", "resources/{id}/"])
def test_who_may_look(
    request: pytest.FixtureRequest,
    client: Client,
    subscription: Subscription,
    page: str,
    persona: str,
    status: int,
) -> None:
    client.force_login(request.getfixturevalue(persona))

    path = page.format(id=subscription.instance_id)
    assert client.get(f"/portal/acme/{path}").status_code == status


@pytest.mark.parametrize(
    ("persona", "status", "is_deleted"),
    [
        ("alice", 302, True),
        ("tina", 302, True),
        ("mia", 302, True),
        ("bob", 403, False),
        ("charlie", 404, False),
        ("sam", 404, False),
    ],
)
def test_who_may_delete(
    request: pytest.FixtureRequest,
    client: Client,
    subscription: Subscription,
    persona: str,
    status: int,
    is_deleted: bool,
) -> None:
    client.force_login(request.getfixturevalue(persona))

    answer = client.post(f"/portal/acme/resources/{subscription.instance_id}/delete/")

    subscription.refresh_from_db()
    assert answer.status_code == status
    assert (Instance.objects.get().state == Instance.State.DELETED) is is_deleted
    assert (subscription.billed_until is not None) is is_deleted


def test_a_member_of_another_group_does_not_delete(
    client: Client, acme: Tenant, subscription: Subscription
) -> None:
    other = MembershipFactory.create(tenant=acme)
    other.groups.add(BusinessGroupFactory.create(tenant=acme))
    client.force_login(other.user)
    url = f"/portal/acme/resources/{subscription.instance_id}/"

    assert client.get(f"{url}delete/").status_code == 403
    assert client.post(f"{url}delete/").status_code == 403
    assert "Delete" not in page_text(client.get(url)).partition("Address")[2]
    assert Instance.objects.get().is_running


@pytest.mark.parametrize("page", ["", "delete/"])
@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999"])
def test_what_is_not_there_is_not_found(
    client: Client, funded: FundAccount, mia: User, page: str, number: str
) -> None:
    client.force_login(mia)

    assert client.get(f"/portal/acme/resources/{number}/{page}").status_code == 404


def test_another_tenant_s_resource_is_not_found(
    client: Client, subscription: Subscription, globex: Tenant, charlie: User
) -> None:
    client.force_login(charlie)
    url = f"/portal/globex/resources/{subscription.instance_id}/"

    assert client.get(url).status_code == 404
    assert client.post(f"{url}delete/").status_code == 404
    assert Instance.objects.get().is_running


def test_an_hourly_one_shows_its_price_and_what_it_has_cost(
    client: Client, subscription: Subscription, mia: User
) -> None:
    deductions.run(at=hours_after(NOON, 3))
    client.force_login(mia)

    shown = page_text(client.get(f"/portal/acme/resources/{subscription.instance_id}/"))

    for words in (
        "web Running",
        "Price USD 0.077173 per hour",
        "Charged so far USD 0.231519",
        "Order OR-",
    ):
        assert words in shown


def test_a_month_shows_until_when_it_is_paid(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = completed(mia, wanted(group, name="erp", sale=Sale.TERM))
    client.force_login(mia)

    shown = page_text(client.get(f"/portal/acme/resources/{order.instance_id}/"))

    assert "Price USD 44.50 for one month" in shown
    assert "Paid USD 44.50" in shown
    assert "Paid for until 1 Apr 2026" in shown


def test_what_failed_costs_nothing(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = completed(mia, wanted(group, name="fail-it"))
    client.force_login(mia)

    shown = page_text(client.get(f"/portal/acme/resources/{order.instance_id}/"))

    assert "Nothing is charged for it." in shown
    assert "The simulated cloud has no room" in shown


def test_the_list_shows_costs_and_states(
    client: Client, subscription: Subscription, mia: User, group: BusinessGroup
) -> None:
    completed(mia, wanted(group, name="erp", sale=Sale.TERM))
    completed(mia, wanted(group, name="fail-it"))
    client.force_login(mia)

    body = client.get("/portal/acme/resources/").content.decode()
    running_only = client.get("/portal/acme/resources/?state=RUNNING").content.decode()

    assert sorted(re.findall(r'<a class="c-row"[^>]*>([\w-]+)</a>', body)) == [
        "erp",
        "fail-it",
        "web",
    ]
    assert "per hour" in body
    assert "Paid for the month" in body
    assert len(re.findall(r'<a class="c-row"', running_only)) == 2


def test_deleting_asks_first_and_says_what_it_means(
    client: Client, subscription: Subscription, mia: User, group: BusinessGroup
) -> None:
    term = completed(mia, wanted(group, name="erp", sale=Sale.TERM))
    client.force_login(mia)

    hourly = client.get(f"/portal/acme/resources/{subscription.instance_id}/delete/")
    paid = client.get(f"/portal/acme/resources/{term.instance_id}/delete/")

    assert "Delete web? " in page_text(hourly)
    assert "Charging stops at this second" in page_text(hourly)
    assert "is paid already and is not given back" in page_text(paid)
    assert Instance.objects.filter(state=Instance.State.RUNNING).count() == 2


def test_deleting_twice_ends_it_once(
    client: Client, subscription: Subscription, mia: User
) -> None:
    client.force_login(mia)
    url = f"/portal/acme/resources/{subscription.instance_id}/delete/"
    before = timezone.now()

    first = client.post(url)
    subscription.refresh_from_db()
    ended_at = subscription.billed_until
    second = client.post(url)

    subscription.refresh_from_db()
    assert first["Location"] == "/portal/acme/resources/"
    assert second["Location"] == f"/portal/acme/resources/{subscription.instance_id}/"
    assert subscription.billed_until == ended_at
    assert ended_at is not None
    assert before - timedelta(seconds=1) <= ended_at <= timezone.now()


def test_what_ended_is_charged_no_further(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    recently = hour_floor(timezone.now()) - timedelta(hours=2)
    subscription = running(mia, group, at=recently)
    client.force_login(mia)
    deductions.run(at=timezone.now())
    client.post(f"/portal/acme/resources/{subscription.instance_id}/delete/")

    subscription.refresh_from_db()
    assert subscription.billed_until is not None
    assert subscription.billed_until >= hour_floor(timezone.now())
    shown = page_text(client.get(f"/portal/acme/resources/{subscription.instance_id}/"))
    assert "Charging ended" in shown
