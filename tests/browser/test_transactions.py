"""The transactions page: filters, chips, export, and the story of a row (TRX-01…05)."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

OWNER = "owner@demo.test"


def test_rows_show_number_time_type_channel_amount_and_what_is_left(visit: Visit) -> None:
    """TRX-01: the demo's first recharge, as the owner sees it."""
    owner = visit(OWNER)
    _open(owner, "?kind=10&q=RC-1")

    row = owner.page.locator("tbody tr").first
    for text in ("T-", "Recharge", "PayFort sandbox", "500.00"):
        expect(row).to_contain_text(text)
    for head in ("Time", "Amount", "Available after"):
        expect(owner.page.locator("thead")).to_contain_text(head)


@pytest.mark.parametrize(("direction", "sign"), [("income", "+"), ("expenditure", "−")])
def test_direction_filter_leaves_one_sign(visit: Visit, direction: str, sign: str) -> None:
    """TRX-03: the filter works without a reload, stands in the address and as a chip."""
    owner = visit(OWNER)
    _open(owner)

    owner.page.locator("select[name=direction]").select_option(direction)
    owner.page.wait_for_url(f"**direction={direction}**")
    chip = owner.page.locator(".c-chip")
    expect(chip).to_contain_text(direction.capitalize())
    amounts = owner.page.locator("tbody tr .c-money:has-text('USD')").all_inner_texts()

    other = "−" if sign == "+" else "+"
    assert any(sign in text for text in amounts)
    assert not any(text.strip().startswith(other) for text in amounts)
    chip.click()
    expect(owner.page.locator(".c-chip")).to_have_count(0)
    assert "direction" not in owner.page.url


def test_days_without_transactions_say_so_and_offer_to_clear(visit: Visit) -> None:
    owner = visit(OWNER)
    _open(owner, "?day_from=2001-01-01&day_to=2001-01-02")

    expect(owner.page.locator("tbody tr")).to_have_count(0)
    owner.page.get_by_role("link", name="Clear").first.click()

    expect(owner.page.locator("tbody tr").first).to_be_visible()


def test_day_that_cannot_be_is_named_and_not_applied(visit: Visit) -> None:
    owner = visit(OWNER)
    _open(owner, "?day_from=never")

    owner.sees("This filter is not applied.")


def test_export_holds_the_filtered_rows(visit: Visit, tmp_path: Path) -> None:
    owner = visit(OWNER)
    _open(owner, "?direction=income")
    shown = owner.page.locator("tbody tr").count()

    with owner.page.expect_download() as started:
        owner.page.get_by_role("link", name="Export CSV").click()
    file = tmp_path / "transactions.csv"
    started.value.save_as(file)
    rows = list(csv.reader(file.read_text("utf-8-sig").splitlines()))

    assert len(rows) == shown + 1


def test_row_opens_its_story(visit: Visit) -> None:
    """TRX-02: from the row to what caused it, step by step."""
    owner = visit(OWNER)
    _open(owner, "?kind=10&q=RC-1")

    owner.page.locator("tbody a").first.click()

    expect(owner.page.get_by_role("heading", name="Explain this number")).to_be_visible()
    owner.sees("PayFort sandbox")
    owner.page.locator(".c-chain a").first.click()
    expect(owner.main).to_contain_text("RC-1")


def test_keyboard_reaches_the_content_first(visit: Visit) -> None:
    owner = visit(OWNER)
    _open(owner)

    owner.page.keyboard.press("Tab")
    expect(owner.page.get_by_role("link", name="Skip to content")).to_be_focused()
    owner.page.keyboard.press("Enter")

    assert owner.page.url.endswith("#main")


def test_works_without_javascript(visit: Visit) -> None:
    owner = visit(OWNER, java_script_enabled=False)
    _open(owner, "?direction=income")

    expect(owner.page.locator("tbody tr").first).to_be_visible()
    owner.page.locator(".c-chip").click()
    expect(owner.page.locator(".c-chip")).to_have_count(0)


def _open(owner: Visitor, query: str = "") -> None:
    owner.open(f"{owner.portal}transactions/{query}")
