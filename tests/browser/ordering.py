"""The steps of an order, from the catalogue to the running instance."""

import re

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

PREPAID, POSTPAID = "Logistics IT", "Data science"
_KINDS = {20: "purchase", 31: "usage", 40: "hold", 50: "released", 51: "captured"}


def configure(
    visitor: Visitor,
    name: str,
    *,
    group: str,
    sale: str,
    vcpu: str = "2",
    memory_gib: str = "4",
    disk_gib: str = "50",
) -> None:
    """Open the request form and fill it in; the estimate follows by itself."""
    visitor.open(f"{visitor.portal}catalogue/")
    visitor.page.get_by_role("link", name="Request an instance").first.click()
    page = visitor.page
    option = page.locator("select[name=group] option", has_text=group)
    page.locator("select[name=group]").select_option(option.get_attribute("value"))
    page.locator("[name=name]").fill(name)
    page.locator(f"input[name=sale][value={sale}]").check()
    page.locator("[name=vcpu]").fill(vcpu)
    page.locator("[name=memory_gib]").fill(memory_gib)
    # Another value first, so that a last change is always asked about.
    page.locator("[name=disk_gib]").fill("49")
    with page.expect_response(lambda answer: f"disk_gib={disk_gib}" in answer.url):
        page.locator("[name=disk_gib]").fill(disk_gib)
    page.wait_for_function("() => !document.querySelector('.htmx-request')")


def submit(visitor: Visitor) -> None:
    """Send the request; a prepaid group's prompt leads to the payment page."""
    visitor.click("Submit request")
    visitor.click("Continue to payment")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(
        "Complete the payment"
    )


def pay(visitor: Visitor) -> None:
    visitor.click("Pay from the balance")


def ends_as(visitor: Visitor, state: str) -> int:
    """Wait until the order's page says so by itself; returns the order's id."""
    visitor.page.wait_for_url(re.compile(r"/orders/\d+/$"))
    expect(visitor.page.locator("h1 .c-state")).to_have_text(state)
    found = re.search(r"/orders/(\d+)/", visitor.page.url)
    assert found is not None
    return int(found[1])


def movements(visitor: Visitor, order_id: int) -> list[str]:
    """Every movement of money because of an order, oldest first."""
    rows = visitor.site.as_owner(
        "SELECT kind FROM funds_transaction WHERE reference = %s ORDER BY id",
        f"order:{order_id}",
    )
    return [_KINDS[kind] for (kind,) in rows]
