"""The steps of a recharge, from the form in the portal to the gateway and back."""

from dataclasses import dataclass

from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

APPROVED, CHALLENGED, DECLINED = "4005550000000001", "4557012345678902", "4000000000000002"


@dataclass(frozen=True)
class Recharge:
    """One attempt, as the database knows it."""

    id: int
    merchant_reference: str
    site: Site

    @property
    def state(self) -> str:
        rows = self.site.as_owner(
            "SELECT state FROM payments_recharge WHERE id = %s", self.id
        )
        return str(rows[0][0])

    @property
    def credits(self) -> list[str]:
        """Every amount that was ever credited because of it."""
        rows = self.site.as_owner(
            "SELECT amount FROM funds_transaction WHERE reference = %s",
            f"recharge:{self.id}",
        )
        return [f"{amount:.2f}" for (amount,) in rows]


def start(owner: Visitor, amount: str = "100.00") -> Recharge:
    """Fill in the form and go to the gateway's page."""
    fill_in(owner, amount)
    owner.click("Continue to PayFort")
    return at_the_gateway(owner)


def fill_in(owner: Visitor, amount: str, *, account: str = "Logistics platform") -> None:
    """Choose a fund account, the demo's prepaid one by default, and type the amount."""
    owner.open(f"{owner.portal}recharge/")
    option = owner.page.locator("select[name=account] option", has_text=account)
    owner.page.locator("select[name=account]").select_option(option.get_attribute("value"))
    expect(owner.main.get_by_text("Balance now")).to_be_visible()
    owner.page.locator("[name=amount]").fill(amount)


def at_the_gateway(owner: Visitor) -> Recharge:
    """Wait for the hosted page and find the recharge it is for."""
    owner.page.wait_for_url("http://localhost:*/FortAPI/page/*")
    reference = owner.page.locator(".order dd bdi").first.inner_text()
    rows = owner.site.as_owner(
        "SELECT id FROM payments_recharge WHERE merchant_reference = %s", reference
    )
    return Recharge(rows[0][0], reference, owner.site)


def pay(owner: Visitor, number: str = APPROVED, *, choice: str = "normal") -> None:
    """Fill in the card on the hosted page and pay."""
    page = owner.page
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry date").fill("05/30")
    page.get_by_label("Security code").fill("123")
    page.locator(f"input[name=choice][value={choice}]").check()
    page.locator("form button.main").click()


def sees_outcome(owner: Visitor, heading: str) -> None:
    """Wait until the browser is back in the portal and told so."""
    owner.page.wait_for_url(f"{owner.site.url}/portal/**")
    expect(owner.page.get_by_role("heading", level=1)).to_contain_text(heading)
