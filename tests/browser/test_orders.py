"""Ordering instances: estimate, payment, hold, deployment, charge (REQ-01…07)."""

import json
from datetime import UTC, datetime

from playwright.sync_api import expect

from tests.browser import ordering, recharging
from tests.browser.conftest import Visit
from tests.browser.ordering import POSTPAID, PREPAID

MEMBER, OWNER = "member@demo.test", "owner@demo.test"


def test_hourly_instance_is_held_for_and_released_when_it_runs(visit: Visit) -> None:
    """REQ-01, REQ-03, REQ-06: the first hour's price is proof of funds, not a payment."""
    member = visit(MEMBER)
    ordering.configure(member, "hourly-1", group=PREPAID, sale="HOURLY")
    expect(member.page.locator("#estimate")).to_contain_text("Held for the first hour")
    ordering.submit(member)
    ordering.pay(member)

    order_id = ordering.ends_as(member, "Completed")
    member.click("Open the instance", role="link")

    expect(member.main).to_contain_text("Charged so far")
    assert ordering.movements(member, order_id) == ["hold", "released"]


def test_month_is_held_for_and_captured_when_it_runs(visit: Visit) -> None:
    """REQ-04, FND-09: the month is paid once, from the balance."""
    member = visit(MEMBER)
    ordering.configure(member, "monthly-1", group=PREPAID, sale="TERM", vcpu="1")
    expect(member.page.locator("#estimate")).to_contain_text("Held until it runs")
    total = member.page.locator("#estimate dd.c-total").inner_text()
    ordering.submit(member)
    expect(member.main).to_contain_text(total.split()[1])
    ordering.pay(member)

    order_id = ordering.ends_as(member, "Completed")

    assert ordering.movements(member, order_id) == ["hold", "captured", "purchase"]


def test_failed_deployment_charges_nothing(visit: Visit) -> None:
    """REQ-06: the whole hold is available again."""
    member = visit(MEMBER)
    ordering.configure(member, "fail-now", group=PREPAID, sale="TERM", vcpu="1")
    ordering.submit(member)
    ordering.pay(member)

    order_id = ordering.ends_as(member, "Failed")

    expect(member.main).to_contain_text("Nothing was charged")
    assert ordering.movements(member, order_id) == ["hold", "released"]


def test_postpaid_group_deploys_without_a_payment(visit: Visit) -> None:
    """REQ-07: nothing is held; the use is invoiced."""
    member = visit(MEMBER)
    ordering.configure(member, "postpaid-1", group=POSTPAID, sale="HOURLY")
    expect(member.page.locator("#estimate")).to_contain_text("is postpaid")
    member.click("Submit request")

    order_id = ordering.ends_as(member, "Completed")

    assert ordering.movements(member, order_id) == []


def test_shortage_leads_the_owner_to_a_recharge_and_back(visit: Visit) -> None:
    """REQ-05: the missing amount is filled in, what was entered is kept."""
    owner = visit(OWNER)
    ordering.configure(
        owner, "big-1", group=PREPAID, sale="TERM", vcpu="64", memory_gib="256"
    )
    expect(owner.page.locator("#estimate")).to_contain_text("Balance too low")
    owner.page.locator("#estimate").get_by_role("link", name="Recharge").click()
    missing = owner.page.locator("[name=amount]").input_value()
    owner.click("Continue to PayFort")
    recharge = recharging.at_the_gateway(owner)
    recharging.pay(owner)
    recharging.sees_outcome(owner, "received")

    owner.click("Back to where you were", role="link")

    expect(owner.page.locator("[name=name]")).to_have_value("big-1")
    expect(owner.page.locator("[name=vcpu]")).to_have_value("64")
    expect(owner.page.locator("#estimate")).to_contain_text("Left afterwards")
    assert recharge.credits == [missing]


def test_shortage_names_whom_a_member_may_ask(visit: Visit) -> None:
    member = visit(MEMBER)

    size = {"vcpu": "64", "memory_gib": "512", "disk_gib": "4000"}
    ordering.configure(member, "big-2", group=PREPAID, sale="TERM", **size)

    expect(member.page.locator("#estimate")).to_contain_text("Ask Layla Haddad")
    expect(
        member.page.locator("#estimate").get_by_role("link", name="Recharge")
    ).to_have_count(0)


def test_bad_configuration_is_refused_and_kept(visit: Visit) -> None:
    member = visit(MEMBER)
    count = "SELECT count(*) FROM billing_order"
    before = member.site.as_owner(count)
    member.open(f"{member.portal}catalogue/instance/")
    member.page.locator("[name=name]").fill("bad name!")
    member.page.locator("[name=vcpu]").fill("-3")
    expect(member.page.locator("#estimate")).to_contain_text("Complete the configuration")
    member.click("Submit request")

    expect(member.page.locator(".c-errors")).to_be_visible()
    expect(member.page.locator("[name=vcpu]")).to_have_value("-3")
    assert member.site.as_owner(count) == before


def test_second_run_of_the_same_hours_does_nothing(visit: Visit) -> None:
    """BIL-03: what was missed is caught up once; running again charges nothing."""
    admin = visit("platform@demo.test")
    until = datetime.now(UTC).strftime("%Y-%m-%dT%H:00:00Z")
    run = ("run_hourly_deductions", "--json", "--until", until)
    admin.site.manage(*run)

    again = json.loads(admin.site.manage(*run))
    audit = json.loads(admin.site.manage("audit_books", "--json"))
    admin.open("/admin/jobs/")

    assert again["charges"] == 0
    assert audit["ok"] is True
    expect(admin.page.locator("tbody tr").first).to_be_visible()


def test_viewer_may_look_but_not_request(visit: Visit) -> None:
    viewer = visit("viewer@demo.test")
    portal = viewer.portal

    pages = {
        page: viewer.open(f"{portal}{page}").status
        for page in ("orders/", "resources/", "catalogue/", "catalogue/instance/")
    }

    assert pages == {
        "orders/": 200,
        "resources/": 200,
        "catalogue/": 403,
        "catalogue/instance/": 403,
    }
