"""Recharging through the hosted page: every way a payment can end (PAY-04…11)."""

import pytest
from playwright.sync_api import expect

from tests.browser import recharging
from tests.browser.conftest import Visit
from tests.browser.recharging import CHALLENGED, DECLINED

OWNER = "owner@demo.test"


def test_paying_credits_once_and_keeps_the_payer_signed_in(visit: Visit) -> None:
    """PAY-06, PAY-09, PAY-10: the gateway's POST carries no cookie, and needs none."""
    owner = visit(OWNER)
    recharge = recharging.start(owner)
    recharging.pay(owner)

    recharging.sees_outcome(owner, "received")
    cookies = owner.cookies_of_post_to("/return")
    owner.open(f"{owner.portal}recharges/")

    assert cookies == ""
    assert (recharge.state, recharge.credits) == ("PAID", ["100.00"])
    assert owner.page.url.endswith("/recharges/")


def test_three_notices_and_a_return_credit_once(visit: Visit) -> None:
    owner = visit(OWNER)
    recharge = recharging.start(owner, "12.34")
    recharging.pay(owner, choice="duplicate")

    recharging.sees_outcome(owner, "received")
    owner.site.settled(recharge.merchant_reference, notices=3)

    assert (recharge.state, recharge.credits) == ("PAID", ["12.34"])


@pytest.mark.parametrize("order", ["notice_first", "return_first"])
def test_either_message_may_come_first(visit: Visit, order: str) -> None:
    owner = visit(OWNER)
    recharge = recharging.start(owner, "10.00")
    owner.site.script(recharge.merchant_reference, order=order)
    recharging.pay(owner)

    recharging.sees_outcome(owner, "received")
    owner.site.settled(recharge.merchant_reference, notices=1)

    assert recharge.credits == ["10.00"]


def test_declined_card_then_another_pays_on_the_same_page(visit: Visit) -> None:
    """PAY-11: a declined try under the same reference does not end the recharge."""
    owner = visit(OWNER)
    recharge = recharging.start(owner, "20.00")
    recharging.pay(owner, DECLINED)
    expect(owner.page.get_by_role("alert")).to_contain_text("did not go through")
    owner.site.settled(recharge.merchant_reference, notices=1)
    between = recharge.state
    recharging.pay(owner)

    recharging.sees_outcome(owner, "received")

    assert between == "FAILED"
    assert (recharge.state, recharge.credits) == ("PAID", ["20.00"])


def test_declined_payment_takes_nothing_and_can_be_tried_again(visit: Visit) -> None:
    owner = visit(OWNER)
    recharge = recharging.start(owner, "30.00")
    recharging.pay(owner, DECLINED)
    owner.click("Return to the shop without paying")

    recharging.sees_outcome(owner, "The payment was declined")
    owner.click("Try again", role="link")

    expect(owner.page.locator("[name=amount]")).to_have_value("30.00")
    assert (recharge.state, recharge.credits) == ("FAILED", [])


def test_cancelled_payment_takes_nothing(visit: Visit) -> None:
    owner = visit(OWNER)
    recharge = recharging.start(owner, "40.00")
    owner.click("Cancel and go back")

    recharging.sees_outcome(owner, "You cancelled the payment")

    assert (recharge.state, recharge.credits) == ("CANCELLED", [])


def test_challenged_card_pays_after_the_code(visit: Visit) -> None:
    owner = visit(OWNER)
    recharge = recharging.start(owner, "50.00")
    recharging.pay(owner, CHALLENGED)
    owner.page.get_by_label("One-time code").fill("1234")
    owner.click("Confirm payment")

    recharging.sees_outcome(owner, "received")

    assert recharge.credits == ["50.00"]


def test_payment_that_never_returned_is_credited_by_the_sweep(visit: Visit) -> None:
    """PAY-13: neither return nor notice came; the open page learns of it by itself."""
    owner = visit(OWNER)
    recharge = recharging.start(owner, "60.00")
    recharging.pay(owner, choice="silent")
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("Payment accepted")
    owner.open(f"{owner.portal}recharge/{recharge.id}/")
    recharging.sees_outcome(owner, "Waiting for the payment provider")
    before = (recharge.state, recharge.credits)

    owner.site.as_owner(
        "UPDATE payments_recharge SET next_check_at = now() WHERE id = %s", recharge.id
    )
    owner.site.manage("sweep_recharges")

    recharging.sees_outcome(owner, "received")
    assert before == ("REDIRECTED", [])
    assert (recharge.state, recharge.credits) == ("PAID", ["60.00"])


def test_closed_window_is_credited_by_the_notice(visit: Visit) -> None:
    owner = visit(OWNER)
    recharge = recharging.start(owner, "70.00")
    recharging.pay(owner, choice="closed")
    owner.site.settled(recharge.merchant_reference, notices=1)

    owner.open(f"{owner.portal}recharge/{recharge.id}/")

    recharging.sees_outcome(owner, "received")
    assert recharge.credits == ["70.00"]


def test_tampered_return_changes_nothing(visit: Visit) -> None:
    owner = visit(OWNER)
    recharge = recharging.start(owner, "80.00")
    owner.site.script(
        recharge.merchant_reference, notice_drop=True, tamper_return={"amount": "999999"}
    )
    recharging.pay(owner)

    expect(owner.page.get_by_role("heading", level=1)).to_contain_text(
        "could not be checked"
    )
    assert (recharge.state, recharge.credits) == ("REDIRECTED", [])


def test_back_button_after_paying_does_not_pay_again(visit: Visit) -> None:
    owner = visit(OWNER)
    recharge = recharging.start(owner, "15.00")
    recharging.pay(owner)
    recharging.sees_outcome(owner, "received")

    owner.open(f"{owner.portal}recharge/{recharge.id}/pay/")

    recharging.sees_outcome(owner, "received")
    assert recharge.credits == ["15.00"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Enter the amount to recharge."),
        ("-5", None),
        ("0", None),
        ("NaN", None),
        ("1e40", None),
        ("ten", None),
        ("10.001", None),
    ],
)
def test_bad_amount_is_refused_and_kept(
    visit: Visit, typed: str, message: str | None
) -> None:
    """PAY-05: the message stands at the field and in the summary; the input stays."""
    owner = visit(OWNER)
    count = "SELECT count(*) FROM payments_recharge"
    before = owner.site.as_owner(count)
    recharging.fill_in(owner, typed)
    owner.click("Continue to PayFort")

    error = owner.page.locator("#id_amount_error")
    expect(error).to_be_visible()
    if message:
        expect(error).to_contain_text(message)
    expect(owner.page.locator("[name=amount]")).to_have_value(typed)
    assert owner.site.as_owner(count) == before


def test_arabic_digits_are_understood(visit: Visit) -> None:
    owner = visit(OWNER)
    recharge = recharging.start(owner, "٢٥٫٥٠")
    recharging.pay(owner)

    recharging.sees_outcome(owner, "received")
    assert recharge.credits == ["25.50"]


def test_stranger_finds_nothing(visit: Visit) -> None:
    """PAY-08: that another tenant exists is private."""
    portal = visit(OWNER).portal
    stranger = visit("stranger@other.test")

    pages = (
        "",
        "recharge/",
        "recharges/",
        "recharge/1/",
        "transactions/",
        "fund-accounts/",
    )

    assert {stranger.open(f"{portal}{page}").status for page in pages} == {404}
