"""Fund accounts and payment channels in the admin portal (FND-01…06, PAY-01, PAY-02)."""

import pytest
from playwright.sync_api import expect

from tests.browser import administering
from tests.browser.administering import PHRASE
from tests.browser.conftest import Visit

ADMIN = "platform@demo.test"


def test_admin_opens_edits_and_deletes_a_fund_account(visit: Visit) -> None:
    """FND-01, FND-02, FND-05: saved, changed, deleted, in the source's words."""
    admin = visit(ADMIN)
    name = "Laboratory"
    administering.fill_in_account(admin, name, group="Field operations")
    admin.sees("Fund account saved.")
    row = admin.main.get_by_role("link", name=name)
    expect(row.first).to_be_visible()

    row.first.click()
    admin.click("Edit fund account", role="link")
    admin.page.locator("[name=description]").fill("Pays for the lab")
    admin.page.locator("main form button.btn-primary").click()
    admin.sees("Fund account saved.")
    admin.sees("Pays for the lab")

    admin.click("Delete fund account", role="link")
    admin.click("Delete fund account")
    admin.sees("Fund account deleted.")


def test_group_that_pays_elsewhere_is_refused(visit: Visit) -> None:
    """FND-03: one business group pays from one active fund account."""
    admin = visit(ADMIN)
    count = "SELECT count(*) FROM funds_fundaccount"
    before = admin.site.as_owner(count)

    administering.fill_in_account(admin, "Second for the same group", group="Logistics IT")

    expect(admin.page.locator(".c-errors")).to_be_visible()
    expect(admin.page.locator("[name=name]")).to_have_value("Second for the same group")
    assert admin.site.as_owner(count) == before


def test_account_with_money_is_not_deleted(visit: Visit) -> None:
    """FND-05: the page says why and offers no button, and the account stays."""
    admin = visit(ADMIN)
    admin.open("/admin/fund-accounts/1/delete/")

    admin.sees("cannot be deleted")
    expect(admin.page.get_by_role("button", name="Delete fund account")).to_have_count(0)
    rows = admin.site.as_owner("SELECT deleted_at FROM funds_fundaccount WHERE id = 1")
    assert rows == [(None,)]


def test_admin_adds_edits_and_deletes_a_payment_channel(visit: Visit) -> None:
    """PAY-01, PAY-02: phrases are stored encrypted and never shown again."""
    admin = visit(ADMIN)
    administering.fill_in_channel(
        admin, "Second PayFort", response_phrase=f"another {PHRASE}"
    )
    admin.sees("Payment channel saved.")
    rows = admin.site.as_owner(
        "SELECT id, request_phrase_cipher FROM payments_paymentchannel WHERE name = %s",
        "Second PayFort",
    )
    channel_id, cipher = rows[0]

    admin.open(f"/admin/channels/{channel_id}/edit/")
    expect(admin.page.locator("[name=request_phrase]")).to_have_value("")
    shown = admin.page.content()
    admin.page.locator("[name=description]").fill("Spare")
    admin.click("Save payment channel")
    admin.sees("Payment channel saved.")
    kept = admin.site.as_owner(
        "SELECT request_phrase_cipher FROM payments_paymentchannel WHERE id = %s",
        channel_id,
    )

    admin.open(f"/admin/channels/{channel_id}/delete/")
    admin.click("Delete payment channel")
    admin.sees("Payment channel deleted.")

    assert PHRASE not in cipher
    assert "a phrase with" not in shown
    assert kept == [(cipher,)]


def test_channel_with_one_phrase_for_both_directions_is_refused(visit: Visit) -> None:
    """PAY-02: a signed request could otherwise be replayed as an answer."""
    admin = visit(ADMIN)

    administering.fill_in_channel(admin, "One phrase", response_phrase=PHRASE)

    expect(admin.page.locator(".c-errors")).to_contain_text("must differ")
    expect(admin.page.locator("[name=name]")).to_have_value("One phrase")


def test_channel_to_a_foreign_host_is_refused(visit: Visit) -> None:
    admin = visit(ADMIN)

    administering.fill_in_channel(
        admin, "Elsewhere", response_phrase="other", address="https://evil.example/pay"
    )

    expect(admin.page.locator(".c-errors")).to_contain_text(
        "may not be sent to this address"
    )


@pytest.mark.parametrize("email", ["member@demo.test", "viewer@demo.test"])
def test_people_without_the_right_do_not_get_in(visit: Visit, email: str) -> None:
    answer = visit(email).open("/admin/fund-accounts/")

    assert answer.status in {403, 404}
