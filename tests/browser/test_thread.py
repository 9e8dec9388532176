"""The one flow the product is for, from an empty fund account to an explained charge.

Each person signs in for themselves. With `PICTURES` naming a folder it also makes the
pictures of the documents.
"""

import json

from playwright.sync_api import expect

from tests.browser import administering, ordering, recharging
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

GROUP, ACCOUNT, CHANNEL = "Depot", "Depot operations", "PayFort cards"


def test_money_flows_from_the_card_to_the_running_instance(visit: Visit) -> None:
    """FND-01, PAY-01, PAY-04, PAY-09, REQ-01, REQ-03, FND-09, BIL-03, TRX-01, TRX-05."""
    admin, owner, member, stranger = (visit() for _ in range(4))

    _admin_opens_an_account_and_a_channel(admin)
    recharge = _owner_recharges(owner)
    assert (recharge.state, recharge.credits) == ("PAID", ["100.00"])

    order_id = _member_orders(member)
    assert ordering.movements(member, order_id) == ["hold", "released"]

    _hours_are_charged_once(admin)
    _owner_reads_why(owner)
    _stranger_sees_nothing(stranger, owner.portal)


def _admin_opens_an_account_and_a_channel(admin: Visitor) -> None:
    admin.open("/accounts/login/")
    admin.picture("sign-in")
    admin.sign_in("platform@demo.test")
    administering.add_group(admin, GROUP)
    for email in ("owner@demo.test", "member@demo.test"):
        administering.join_group(admin, email, GROUP)
    administering.fill_in_account(admin, ACCOUNT, group=GROUP)
    admin.sees("Fund account saved.")
    admin.picture("fund-accounts")
    administering.fill_in_channel(
        admin,
        CHANNEL,
        access_code="SANDBOXACCESS",
        merchant_identifier="SANDBOXMERCHANT",
        request_phrase="sandbox-request-phrase",
        response_phrase="sandbox-response-phrase",
    )
    admin.sees("Payment channel saved.")


def _owner_recharges(owner: Visitor) -> recharging.Recharge:
    owner.sign_in("owner@demo.test")
    recharging.fill_in(owner, "100.00", account=ACCOUNT)
    owner.page.get_by_role("radio", name=CHANNEL).check()
    owner.picture("recharge")
    owner.click("Continue to PayFort")
    recharge = recharging.at_the_gateway(owner)
    owner.picture("gateway")
    recharging.pay(owner)
    recharging.sees_outcome(owner, "received")
    expect(owner.main).to_contain_text(ACCOUNT)
    owner.picture("received")

    owner.site.settled(recharge.merchant_reference, notices=1)
    assert owner.cookies_of_post_to("/return") == ""
    owner.open(owner.portal)
    assert "/accounts/login" not in owner.page.url
    return recharge


def _member_orders(member: Visitor) -> int:
    member.sign_in("member@demo.test")
    ordering.configure(member, "depot-1", group=GROUP, sale="HOURLY")
    member.picture("request")
    ordering.submit(member)
    member.picture("payment")
    ordering.pay(member)
    order_id = ordering.ends_as(member, "Completed")
    member.click("Open the instance", role="link")
    expect(member.main).to_contain_text("Charged since")
    return order_id


def _hours_are_charged_once(admin: Visitor) -> None:
    admin.site.manage("run_hourly_deductions", "--json")
    audit = json.loads(admin.site.manage("audit_books", "--json"))
    admin.open("/admin/jobs/")

    assert [check for check in audit["checks"] if not check["ok"]] == []
    expect(admin.page.locator("tbody tr").first).to_be_visible()


def _owner_reads_why(owner: Visitor) -> None:
    """From the list to the newest usage deduction, and on to what was used."""
    owner.open(f"{owner.portal}transactions/?direction=income")
    expect(owner.page.locator("tbody tr").first).to_contain_text("100.00")
    owner.open(f"{owner.portal}transactions/?kind=31")
    owner.page.locator("tbody tr a").first.click()
    expect(owner.page.get_by_role("heading", name="Explain this number")).to_be_visible()
    expect(owner.page.locator(".c-chain")).to_contain_text("web-01")
    owner.picture("transaction")
    owner.open(f"{owner.portal}transactions/?kind=")
    owner.picture("transactions")
    _in_other_dress(owner)


def _in_other_dress(owner: Visitor) -> None:
    """The same page in the dark, on a phone, and from right to left."""
    owner.page.emulate_media(color_scheme="dark")
    owner.page.reload()
    owner.picture("transactions-dark")
    owner.page.set_viewport_size({"width": 390, "height": 844})
    owner.page.reload()
    owner.picture("transactions-phone")
    owner.page.emulate_media(color_scheme="light")
    owner.page.set_viewport_size({"width": 1280, "height": 800})
    owner.choose_language("ar")
    owner.page.reload()
    owner.picture("transactions-arabic")
    owner.choose_language("en")


def _stranger_sees_nothing(stranger: Visitor, portal: str) -> None:
    stranger.sign_in("stranger@other.test")
    pages = ("", "transactions/", "orders/", "recharges/", "fund-accounts/", "resources/")

    assert {stranger.open(f"{portal}{page}").status for page in pages} == {404}
