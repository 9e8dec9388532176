"""Notices: format, retries, what acknowledges them, what survives a restart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.conftest import Payer, Shop, is_from_gateway

StartGateway = Callable[..., Payer]


@pytest.mark.parametrize(
    ("notice_format", "content_type"),
    [
        ("json", "application/json; charset=utf-8"),
        ("form", "application/x-www-form-urlencoded"),
    ],
)
def test_notice_comes_in_the_format_of_the_account(
    start_gateway: StartGateway, shop: Shop, notice_format: str, content_type: str
) -> None:
    payer = start_gateway(notice_format=notice_format)

    payer.pay(payer.open(language="ar"))
    notice = shop.next()

    assert notice.content_type == content_type
    assert is_from_gateway(notice.fields)


@pytest.mark.parametrize("acknowledgement", [200, 204, 302])
def test_notice_is_repeated_until_acknowledged(
    payer: Payer, shop: Shop, acknowledgement: int
) -> None:
    shop.statuses = [503, 400, acknowledgement]

    payer.pay(payer.open())
    notices = [shop.next() for _ in range(3)]

    assert notices[0] == notices[1] == notices[2]
    assert payer.gateway.courier.wait_until_heard("RC-1", timeout_s=10)
    assert payer.log().count("notice") == 3


def test_notice_is_given_up_after_the_last_retry(
    start_gateway: StartGateway, shop: Shop
) -> None:
    payer = start_gateway(retries=10, retry_interval_s=0.01)
    shop.statuses = [500] * 20

    payer.pay(payer.open())

    assert payer.gateway.courier.wait_until_heard("RC-1", timeout_s=10)
    assert payer.log().count("notice") == 11
    assert shop.heard.qsize() == 11


def test_waiting_for_notices_ends_when_they_were_heard(payer: Payer) -> None:
    payer.pay(payer.open(), choice="duplicate")

    answer = payer.control("/_await", merchant_reference="RC-1", notices=3)

    assert answer.json() == {"ok": True}
    assert payer.log().count("notice") == 3


def test_unreachable_shop_is_tried_again(start_gateway: StartGateway, shop: Shop) -> None:
    payer = start_gateway(notice_base="http://127.0.0.1:1", retries=2)

    payer.pay(payer.open())

    assert payer.gateway.courier.wait_until_heard("RC-1", timeout_s=10)
    assert payer.log().count("notice") == 3


def test_unsent_notice_survives_a_restart(
    start_gateway: StartGateway, shop: Shop, tmp_path: Path
) -> None:
    database = str(tmp_path / "sandbox.sqlite3")
    first = start_gateway(database=database)
    first.script(notice_delay_s=0.6)
    first.pay(first.open())
    first.gateway.courier.stop()

    start_gateway(database=database)

    assert shop.next().fields["response_code"] == "14000"


def test_return_address_of_another_shape_gets_no_notice(payer: Payer, shop: Shop) -> None:
    payer.pay(payer.open(return_url=f"{shop.url}/thanks"))

    assert payer.log() == ["page opened", "paid", "notice dropped", "return"]
    assert shop.heard.empty()
