"""Scripts: every way a payment's messages can be made to go wrong."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import (
    WAIT_S,
    Payer,
    Shop,
    is_from_gateway,
    returned_fields,
)

StartGateway = Callable[..., Payer]


def test_paid_but_never_returned_is_known_only_to_the_status(
    payer: Payer, shop: Shop
) -> None:
    page = payer.pay(payer.open(), choice="silent")

    assert returned_fields(page) == {}
    assert "Payment accepted" in page.text
    assert payer.log() == ["page opened", "paid", "notice dropped", "return dropped"]
    assert payer.check_status()["transaction_code"] == "14000"
    assert shop.heard.empty()


def test_closed_window_leaves_only_the_notice(payer: Payer, shop: Shop) -> None:
    page = payer.pay(payer.open(), choice="closed")

    assert returned_fields(page) == {}
    assert shop.next().fields["response_code"] == "14000"


def test_duplicate_notices_are_equal_to_the_byte(payer: Payer, shop: Shop) -> None:
    payer.pay(payer.open(), choice="duplicate")

    notices = [shop.next() for _ in range(3)]

    assert notices[0] == notices[1] == notices[2]


def test_dropped_messages_by_script(payer: Payer, shop: Shop) -> None:
    payer.script(return_drop=True, notice_drop=True)

    assert returned_fields(payer.pay(payer.open())) == {}
    assert shop.heard.empty()


def test_copies_and_delay_by_script(payer: Payer, shop: Shop) -> None:
    payer.script(notice_copies=5, notice_delay_s=0.1)

    payer.pay(payer.open())

    assert len({str(shop.next()) for _ in range(5)}) == 1


def test_notice_comes_before_the_return(payer: Payer, shop: Shop) -> None:
    payer.script(order="notice_first", notice_delay_s=0.2)

    page = payer.pay(payer.open())

    assert shop.heard.qsize() == 1
    assert returned_fields(page)["response_code"] == "14000"
    assert payer.log() == ["page opened", "paid", "notice", "return"]


def test_notice_waits_for_the_return_or_a_release(payer: Payer, shop: Shop) -> None:
    payer.script(order="return_first", return_drop=True)

    payer.pay(payer.open())
    assert shop.heard.empty()
    released = payer.control("/_release", merchant_reference="RC-1").json()

    assert released == {"ok": True, "released": 1}
    assert shop.next().fields["response_code"] == "14000"


def test_tampering_breaks_the_signature(payer: Payer, shop: Shop) -> None:
    payer.script(
        tamper_return={"amount": "1"},
        tamper_notice={"response_code": "13666"},
        tamper_status={"captured_amount": "999999"},
    )

    returned = returned_fields(payer.pay(payer.open()))
    notice, status = shop.next().fields, payer.check_status()

    assert returned["amount"] == "1"
    assert notice["response_code"] == "13666"
    assert status["captured_amount"] == "999999"
    assert not any(is_from_gateway(message) for message in (returned, notice, status))


def test_altered_message_is_signed_all_the_same(payer: Payer, shop: Shop) -> None:
    payer.script(alter_return={"amount": "1"}, alter_notice={"currency": "EUR"})

    returned = returned_fields(payer.pay(payer.open()))
    notice = shop.next().fields

    assert (returned["amount"], notice["currency"]) == ("1", "EUR")
    assert is_from_gateway(returned)
    assert is_from_gateway(notice)


def test_foreign_merchants_message_is_signed_but_names_another(
    payer: Payer, shop: Shop
) -> None:
    payer.script(foreign_merchant=True)

    payer.pay(payer.open())
    notice = shop.next().fields

    assert notice["merchant_identifier"] == "FOREIGNMERCHANT"
    assert is_from_gateway(notice)


def test_signature_in_capitals_and_none_at_all(payer: Payer, shop: Shop) -> None:
    payer.script(uppercase_signature=True)
    payer.script("RC-2", unsigned=True)

    payer.pay(payer.open())
    loud = shop.next().fields
    payer.pay(payer.open("RC-2"))
    unsigned = shop.next().fields

    assert loud["signature"] == loud["signature"].upper()
    assert is_from_gateway(loud)
    assert "signature" not in unsigned


def test_notice_format_by_script(payer: Payer, shop: Shop) -> None:
    payer.script(notice_format="form")

    payer.pay(payer.open())

    assert shop.next().content_type == "application/x-www-form-urlencoded"


def test_api_fails_as_often_as_scripted(payer: Payer) -> None:
    payer.pay(payer.open())
    payer.script(api_failures=2, failure_status=502)

    question = {"query_command": "CHECK_STATUS", "merchant_reference": "RC-1"}
    statuses = [payer.api(**question).status_code for _ in range(3)]

    assert statuses == [502, 502, 200]


def test_status_nought_hangs_up_without_an_answer(payer: Payer) -> None:
    payer.script(api_failures=1, failure_status=0)

    with pytest.raises(requests.ConnectionError):
        payer.check_status()
    assert payer.check_status()["response_code"] == "11036"


def test_slow_answers_are_slow(payer: Payer) -> None:
    payer.script(api_delay_s=0.3)

    answer = payer.api(query_command="CHECK_STATUS", merchant_reference="RC-1")

    assert answer.elapsed.total_seconds() >= 0.3


def test_page_fails_as_often_as_scripted(payer: Payer) -> None:
    payer.script(page_failures=1)

    assert payer.open().status_code == 503
    assert payer.open().status_code == 200


def test_hidden_status_says_not_found(payer: Payer) -> None:
    payer.pay(payer.open())
    payer.script(hide_status=True)

    assert payer.check_status()["response_code"] == "11036"


def test_star_scripts_everybody_without_one_of_their_own(payer: Payer, shop: Shop) -> None:
    payer.script("*", notice_drop=True)
    payer.script("RC-2")

    payer.pay(payer.open("RC-1"))
    payer.pay(payer.open("RC-2"))

    assert shop.next().fields["merchant_reference"] == "RC-2"
    assert shop.heard.empty()


def test_replay_sends_the_same_notice_again(payer: Payer, shop: Shop) -> None:
    payer.pay(payer.open())
    first = shop.next()

    answer = payer.control("/_replay", merchant_reference="RC-1", copies=2).json()

    assert answer == {"ok": True, "queued": 2}
    assert [shop.next(), shop.next()] == [first, first]


def test_dashboard_refund_arrives_as_a_notice_only(payer: Payer, shop: Shop) -> None:
    payer.pay(payer.open())
    shop.next()

    answer = payer.control("/_refund", merchant_reference="RC-1", amount=2500).json()
    notice = shop.next().fields

    assert answer["response_code"] == "06000"
    assert (notice["command"], notice["amount"]) == ("REFUND", "2500")
    assert is_from_gateway(notice)


@pytest.mark.parametrize(
    "settings",
    [
        {"nonsense": True},
        {"notice_copies": "two"},
        {"order": "sideways"},
        {"return_drop": 1},
    ],
)
def test_unknown_script_is_refused(payer: Payer, settings: dict[str, Any]) -> None:
    answer = payer.script(**settings)

    assert answer.status_code == 400
    assert answer.json()["ok"] is False
    assert payer.gateway.desk.script_for("RC-1").as_json() == (
        payer.gateway.desk.script_for("RC-9").as_json()
    )


def test_log_page_shows_what_happened_and_no_card_number(payer: Payer, shop: Shop) -> None:
    payer.pay(payer.open())
    shop.next()

    page = requests.get(f"{payer.url}/_log", timeout=WAIT_S).text

    assert "page opened" in page
    assert "RC-1" in page
    assert "4005550000000001" not in page
