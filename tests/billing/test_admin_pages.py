"""ORD-05, PRI-03: orders, price lists and jobs in the admin portal."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import BusinessGroup, Tenant, User
from billing.actions import deductions
from billing.models import Charge, Order
from cmp.lib.clock import hour_floor
from cmp.lib.jobs.models import JobRun
from funds.models import FundAccount
from pricing.models import PriceVersion
from tests.billing.test_portal_request import page_text
from tests.factories.accounts import UserFactory
from tests.factories.billing import (
    NOON,
    completed,
    hours_after,
    running,
    submitted,
    wanted,
)
from tests.factories.funds import open_account, put_in
from tests.factories.pricing import dearer, publish


@pytest.fixture
def order(funded: FundAccount, mia: User, group: BusinessGroup) -> Order:
    return completed(mia, wanted(group, name="erp"))


@pytest.fixture
def auditor(database: None) -> User:
    return UserFactory.create(name="Audrey", staff_role=User.StaffRole.AUDITOR)


@pytest.fixture
def biller(database: None) -> User:
    return UserFactory.create(name="Bill", staff_role=User.StaffRole.BILLING_ADMIN)


_ALL = ("sam", "biller", "auditor", "tina", "alice", "mia", "bob", "charlie")
_STAFF_ONLY = dict.fromkeys(_ALL, 403) | {"sam": 200, "biller": 200, "auditor": 200}
PAGES = {
    "orders/": _STAFF_ONLY | {"tina": 200},
    "orders/{order}/": _STAFF_ONLY | {"tina": 200},
    "price-lists/": _STAFF_ONLY,
    "jobs/": _STAFF_ONLY,
    "jobs/runs/": _STAFF_ONLY,
    "jobs/run_hourly_deductions/run/": _STAFF_ONLY | {"auditor": 403},
}


@pytest.mark.parametrize("persona", _ALL)
@pytest.mark.parametrize("page", PAGES)
def test_who_may_look(
    request: pytest.FixtureRequest, client: Client, order: Order, page: str, persona: str
) -> None:
    client.force_login(request.getfixturevalue(persona))

    answer = client.get(f"/admin/{page.format(order=order.pk)}")

    assert answer.status_code == PAGES[page][persona]


@pytest.mark.parametrize("page", ["jobs/run_hourly_deductions/run/", "jobs/dry-run/"])
@pytest.mark.parametrize(
    ("persona", "status"),
    [("auditor", 403), ("tina", 403), ("mia", 403), ("charlie", 403), ("biller", 302)],
)
def test_who_may_run_jobs(
    request: pytest.FixtureRequest,
    client: Client,
    order: Order,
    page: str,
    persona: str,
    status: int,
    django_capture_on_commit_callbacks: object,
) -> None:
    client.force_login(request.getfixturevalue(persona))

    with django_capture_on_commit_callbacks() as asked:  # type: ignore[operator]
        answer = client.post(f"/admin/{page}")

    assert answer.status_code == status
    assert len(asked) == (1 if status == 302 else 0)
    assert not Charge.objects.exists()


@pytest.mark.parametrize("job", ["sweep_recharges", "no-such", "audit"])
def test_only_some_jobs_can_be_run(
    client: Client, database: None, sam: User, job: str
) -> None:
    client.force_login(sam)

    assert client.get(f"/admin/jobs/{job}/run/").status_code == 404
    assert client.post(f"/admin/jobs/{job}/run/").status_code == 404


def test_running_now_asks_first(client: Client, database: None, sam: User) -> None:
    client.force_login(sam)

    shown = page_text(client.get("/admin/jobs/run_hourly_deductions/run/"))

    assert "Run Hourly deductions now?" in shown
    assert not JobRun.objects.exists()


def test_orders_of_all_tenants_with_their_story(
    client: Client, order: Order, globex: Tenant, globex_group: BusinessGroup,
    charlie: User, sam: User, tina: User,
) -> None:  # fmt: skip
    put_in(open_account(globex, groups=[globex_group]), "10.00")
    foreign = submitted(charlie, wanted(globex_group, name="their"))

    client.force_login(sam)
    everything = client.get("/admin/orders/").content.decode()
    story = page_text(client.get(f"/admin/orders/{order.pk}/"))
    client.force_login(tina)
    own = client.get("/admin/orders/").content.decode()

    assert sorted(re.findall(r'<a class="c-row"[^>]*>(\w+)</a>', everything)) == [
        "erp",
        "their",
    ]
    assert re.findall(r'<a class="c-row"[^>]*>(\w+)</a>', own) == ["erp"]
    assert client.get(f"/admin/orders/{foreign.pk}/").status_code == 404
    for words in ("erp Completed", "Acme", "Instance runs", "Held amount released"):
        assert words in story


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999"])
def test_an_order_that_is_not_there_is_not_found(
    client: Client, database: None, sam: User, number: str
) -> None:
    client.force_login(sam)

    assert client.get(f"/admin/orders/{number}/").status_code == 404


def test_price_lists_say_which_price_holds(
    client: Client, prices: PriceVersion, sam: User
) -> None:
    now = timezone.now()
    future = hour_floor(now) + timedelta(days=3)
    publish(prices=dearer("2"), effective_from=future, existing_from=future, at=now)
    client.force_login(sam)

    shown = page_text(client.get("/admin/price-lists/"))

    assert shown.index("Announced") < shown.index("In force")
    assert "0.000123456789" in shown
    assert "never; they keep their price" in shown


def test_no_price_lists_says_what_that_means(
    client: Client, database: None, sam: User
) -> None:
    client.force_login(sam)

    assert "nothing can be requested" in page_text(client.get("/admin/price-lists/"))


def test_jobs_before_any_run(client: Client, database: None, sam: User) -> None:
    client.force_login(sam)

    shown = page_text(client.get("/admin/jobs/"))

    for words in (
        "Hourly deductions",
        "Never ran",
        "every fund account",
        "Nothing is parked",
    ):
        assert words in shown


def test_jobs_show_lag_parked_and_the_dry_run(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup, sam: User
) -> None:
    subscription = running(mia, group)
    subscription.rates.update(valid_until=hours_after(NOON, 1))
    deductions.run(at=hours_after(NOON, 3), dry_run=True, started_by="Sam")
    deductions.run(at=hours_after(NOON, 3))
    client.force_login(sam)

    answer = client.get("/admin/jobs/")

    shown = page_text(answer)
    for words in (
        f"FA-{funded.pk} Acme operations",
        "A subscription has no price for this hour.",
        "1 try",
        "Would charge USD 0.08",
        "Would be parked 1",
        "Behind",
        "1 Mar 2026, some fund accounts",
        "0 of 1 run without errors",
    ):
        assert words in shown or words in answer.content.decode()


def test_run_history_lists_every_run(
    client: Client, funded: FundAccount, mia: User, group: BusinessGroup, sam: User
) -> None:
    running(mia, group)
    deductions.run(at=hours_after(NOON, 1), dry_run=True)
    deductions.run(at=hours_after(NOON, 2), started_by="Sam")
    client.force_login(sam)

    shown = page_text(client.get("/admin/jobs/runs/"))
    filtered = page_text(client.get("/admin/jobs/runs/?job=audit_books"))

    assert "dry run" in shown
    assert "Sam" in shown
    assert "USD 0.154346" in shown
    assert "Nothing matches" in filtered


def test_htmx_gets_the_jobs_alone(client: Client, database: None, sam: User) -> None:
    client.force_login(sam)

    body = client.get("/admin/jobs/", headers={"HX-Request": "true"}).content.decode()

    assert body.strip().startswith('<div class="c-grid" id="jobs"')
