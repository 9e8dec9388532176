"""The sandbox's hosted page is looked at like a page of ours."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import axe
from tests.sandbox.conftest import CHALLENGED, DECLINED, Payer, Shop
from tools.sandbox_gateway.merchants import Options
from tools.sandbox_gateway.server import SandboxGateway


@pytest.fixture
def payer() -> Iterator[Payer]:
    shop = Shop(url="http://127.0.0.1:9")
    with SandboxGateway(Options(port=0, notice_base=shop.url)) as gateway:
        yield Payer(gateway, shop)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    "step", ["card", "mistyped", "declined", "challenge", "done", "error"]
)
def test_no_faults_on_any_step(payer: Payer, page: Page, step: str, language: str) -> None:
    _go_to(page, payer, step, language)

    faults = {
        str(dress): found
        for dress in axe.EVERY_DRESS
        if dress.language == language and (found := axe.faults(page, dress))
    }

    assert faults == {}


def test_no_faults_on_the_log(payer: Payer, page: Page) -> None:
    payer.pay(payer.open())
    page.goto(f"{payer.url}/_log")

    assert [axe.faults(page, dress) for dress in axe.PAIRWISE] == [[], [], [], []]


def test_return_form_waits_for_its_button_without_javascript(
    payer: Payer, chromium: Browser
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    paid = payer.pay(payer.open())

    page.goto(paid.url)
    target = page.locator("form").get_attribute("action")
    is_visible = page.get_by_role("button", name="Return to the shop").is_visible()
    context.close()

    assert target == "http://127.0.0.1:9/pay/1/return"
    assert is_visible


def _go_to(page: Page, payer: Payer, step: str, language: str) -> None:
    if step == "error":
        page.goto(f"{payer.url}/FortAPI/page/unknown")
        return
    opened = payer.open(language=language)
    page.goto(opened.url)
    if step == "card":
        return
    number = {"declined": DECLINED, "challenge": CHALLENGED}.get(step, "4005550000000001")
    page.locator("#card_number").fill("4005" if step == "mistyped" else number)
    page.locator("#expiry_date").fill("05/30")
    page.locator("#card_security_code").fill("123")
    if step == "done":
        page.locator("input[value=silent]").check()
    page.locator("form button.main").click()
    page.wait_for_load_state()
