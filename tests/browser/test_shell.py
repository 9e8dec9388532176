"""What the scripts add to pages, and that pages do without them (TRX-03, TEN-13)."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

OWNER, STAFF = "owner@demo.test", "platform@demo.test"
AUDIT = "/admin/audit/"


def _live(page: Page):
    return page.locator("#live")


def test_typing_a_search_filters_without_losing_the_place(visit: Visit) -> None:
    staff = visit(STAFF)
    staff.open(AUDIT)
    page = staff.page

    page.get_by_label("Search").press_sequentially("tenant.added", delay=20)
    expect(page).to_have_url(re.compile(r"\?q=tenant\.added$"))

    expect(page.get_by_label("Search")).to_be_focused()
    expect(page.get_by_label("Search")).to_have_value("tenant.added")
    expect(_live(page)).to_have_text(re.compile(r"^\d+ entr(y|ies)$"))
    expect(page.locator(".c-chip")).to_have_text(re.compile("Search: tenant.added"))


def test_a_chip_takes_its_filter_away_and_focus_stays_in_the_list(visit: Visit) -> None:
    staff = visit(STAFF)
    staff.open(f"{AUDIT}?q=session&sort=time")
    page = staff.page

    page.locator(".c-chip").click()
    expect(page).to_have_url(re.compile(r"\?sort=time$"))

    expect(page.get_by_label("Search")).to_have_value("")
    expect(page.locator("#audit-results")).to_be_focused()


def test_heads_and_pages_swap_the_list_and_back_brings_it_back(visit: Visit) -> None:
    owner = visit(OWNER)
    owner.open(f"{owner.portal}transactions/")
    page = owner.page
    newest = page.locator("tbody tr").first.inner_text()

    page.get_by_role("link", name="Older").click()
    expect(page).to_have_url(re.compile("cursor="))
    expect(page.locator("#transactions-last")).to_be_focused()
    page.get_by_role("link", name="Newer").click()
    expect(page.locator("tbody tr").first).to_have_text(re.compile(re.escape(newest[:12])))
    page.locator("#transactions-by-time").click()
    expect(page.locator("th[aria-sort=ascending]")).to_be_visible()
    page.go_back()

    expect(page.locator("th[aria-sort=descending]")).to_be_visible()


def test_the_export_follows_the_filters(visit: Visit) -> None:
    staff = visit(STAFF)
    staff.open(AUDIT)
    page = staff.page
    page.get_by_label("Search").fill("session.started")
    expect(page.locator(".c-chip")).to_be_visible()

    with page.expect_download() as started:
        page.get_by_role("link", name="Export CSV").click()

    lines = started.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "Time,What,Reason,Subject,Who,From where,Tenant"
    assert {line.split(",")[1] for line in lines[1:]} == {"session.started"}


def test_on_a_phone_rows_come_before_filters(visit: Visit) -> None:
    owner = visit(OWNER, viewport={"width": 390, "height": 844})
    owner.open(f"{owner.portal}recharges/")
    page = owner.page

    expect(page.get_by_label("Search")).not_to_be_visible()
    page.locator(".c-fold > summary").click()
    expect(page.get_by_label("Search")).to_be_visible()


def test_the_theme_changes_at_once_and_stays(visit: Visit) -> None:
    staff = visit(STAFF)
    staff.open("/admin/")
    page = staff.page
    root = page.locator("html")

    page.get_by_label("Theme", exact=True).click()
    with page.expect_response("**/theme"):
        page.locator(".dropdown-menu").get_by_role("button", name="Dark").click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.get_by_label("Theme", exact=True).click()
    with page.expect_response("**/theme"):
        page.locator(".dropdown-menu").get_by_role("button", name="Same as device").click()

    assert root.get_attribute("data-bs-theme") is None


def test_menus_close_by_escape_and_give_the_focus_back(visit: Visit) -> None:
    staff = visit(STAFF)
    staff.open("/admin/")
    page = staff.page
    language = page.get_by_label("Language", exact=True)

    language.click()
    expect(page.get_by_role("button", name="English")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="English")).not_to_be_visible()
    expect(language).to_be_focused()


def test_a_prompt_asks_in_a_dialog_and_can_be_left(visit: Visit) -> None:
    staff = visit(STAFF)
    staff.open("/admin/people/?q=member%40demo.test")
    page = staff.page
    page.locator("tbody a.c-row").first.click()

    page.get_by_role("link", name="Remove from tenant").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")

    expect(dialog).not_to_be_visible()
    expect(page.get_by_role("link", name="Remove from tenant")).to_be_focused()


def test_a_refused_form_puts_the_summary_into_focus(visit: Visit) -> None:
    staff = visit(STAFF)
    staff.open("/admin/tenants/add/")
    page = staff.page

    staff.click("Save tenant")

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name=re.compile("^Name")).click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    assert page.title().startswith("Error: ")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("1,234.5", "1,234.50"),
        ("١٢٣٫٤", "123.40"),
        ("१२", "12.00"),
        ("007", "7.00"),
        ("1e3", "–"),
        ("12.345", "–"),
        ("1,2", "–"),
        ("99999999999999999999", "–"),
        ("", "–"),
    ],
)
def test_money_fields_say_what_they_understood(
    visit: Visit, typed: str, shown: str
) -> None:
    owner = visit(OWNER)
    owner.open(f"{owner.portal}recharge/")
    amount = owner.page.locator("[data-places]")

    amount.fill(typed)

    expect(owner.page.locator(".c-understood output").first).to_have_text(shown)


def test_lists_prompts_and_themes_work_without_scripts(visit: Visit) -> None:
    staff = visit(STAFF, java_script_enabled=False)
    page = staff.page
    staff.open(AUDIT)

    page.get_by_label("Search").fill("session.started")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".c-chip")).to_be_visible()
    page.locator("#audit-by-time").click()
    expect(page.locator("th[aria-sort=ascending]")).to_be_visible()
    staff.open("/admin/people/?q=member%40demo.test")
    page.locator("tbody a.c-row").first.click()
    page.get_by_role("link", name="Remove from tenant").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Remove "))
    staff.click("Remove person")
    expect(page.get_by_role("alert")).to_contain_text("Reason")
