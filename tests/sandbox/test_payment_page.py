"""The hosted page: what it refuses, and the ways a payment on it ends."""

import pytest
import requests

from tests.sandbox.conftest import (
    APPROVED,
    CHALLENGED,
    DECLINED,
    WAIT_S,
    Payer,
    Shop,
    is_from_gateway,
    page_address,
    returned_fields,
)


def test_paying_returns_and_notifies_with_signed_success(payer: Payer, shop: Shop) -> None:
    page = payer.pay(payer.open())

    returned, notice = returned_fields(page), shop.next()

    assert f'action="{shop.url}/pay/1/return"' in page.text
    assert notice.path == "/pay/1/notice"
    for message in (returned, notice.fields):
        assert is_from_gateway(message)
        assert message["response_code"] == "14000"
        assert message["status"] == "14"
        assert message["merchant_reference"] == "RC-1"
        assert message["amount"] == "10000"
        assert message["card_number"] == "400555******0001"
        assert message["expiry_date"] == "3005"
    assert returned["fort_id"] == notice.fields["fort_id"]


def test_page_opens_under_an_address_that_can_be_reloaded(payer: Payer) -> None:
    page = payer.open()

    assert page.status_code == 200
    assert "USD 100.00" in page.text
    assert requests.get(page.url, timeout=WAIT_S).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"csrfmiddlewaretoken": "x"}, "00027"),
        ({"customer_email": ""}, "00001"),
        ({"merchant_identifier": "NOBODY"}, "00009"),
        ({"access_code": "WRONG"}, "00010"),
        ({"amount": "10.00"}, "00002"),
        ({"amount": "12345678901"}, "00032"),
        ({"amount": "0"}, "00005"),
        ({"merchant_reference": "RC 1"}, "00002"),
        ({"language": "fr"}, "00033"),
        ({"command": "AUTHORIZATION"}, "00004"),
        ({"return_url": ""}, "00037"),
        ({"return_url": "http://shop.example/pay/1/return"}, "00002"),
    ],
)
def test_wrong_request_is_refused_with_its_code(
    payer: Payer, changes: dict[str, str], code: str
) -> None:
    page = payer.open(**changes)

    assert page.status_code == 400
    assert code in page.text
    assert payer.check_status()["response_code"] == "11036"


def test_wrong_signature_is_refused_and_the_way_back_is_unsigned(payer: Payer) -> None:
    request = {**payer.request(), "amount": "1"}

    page = payer.post("/FortAPI/paymentPage", request)

    assert "00008" in page.text
    assert "signature" not in returned_fields(page)
    assert payer.check_status()["response_code"] == "11036"


def test_used_reference_is_refused_and_the_payment_stays(payer: Payer) -> None:
    payer.pay(payer.open())

    page = payer.open()

    assert page.status_code == 400
    assert "00066" in page.text
    assert payer.check_status()["transaction_code"] == "14000"


def test_repeated_field_makes_the_request_unreadable(payer: Payer) -> None:
    address = f"{payer.url}/FortAPI/paymentPage"
    page = requests.post(address, data=[("amount", "1"), ("amount", "2")], timeout=WAIT_S)

    assert "00073" in page.text


def test_declined_card_may_be_followed_by_another_on_the_same_page(
    payer: Payer, shop: Shop
) -> None:
    page = payer.open()

    declined = payer.pay(page, DECLINED)
    first = shop.next()
    paid = payer.pay(page, APPROVED)
    second = shop.next()

    assert "The payment did not go through" in declined.text
    assert first.fields["response_code"] == "13666"
    assert returned_fields(paid)["response_code"] == "14000"
    assert second.fields["response_code"] == "14000"
    assert first.fields["fort_id"] == second.fields["fort_id"]


def test_after_a_decline_the_payer_may_return_and_still_come_back_to_pay(
    payer: Payer,
) -> None:
    page = payer.open()
    payer.pay(page, DECLINED)

    returned = requests.post(f"{page_address(page)}/return", timeout=WAIT_S)
    paid = payer.pay(page, APPROVED)

    assert returned_fields(returned)["response_code"] == "13666"
    assert returned_fields(paid)["response_code"] == "14000"


def test_ten_declines_end_the_order(payer: Payer) -> None:
    page = payer.open()

    for _ in range(10):
        last = payer.pay(page, DECLINED)
    after = payer.pay(page, APPROVED)

    assert returned_fields(last)["response_code"] == "13666"
    assert returned_fields(after)["response_code"] == "13666"
    assert payer.check_status()["captured_amount"] == "0"


def test_cancelling_returns_the_code_for_it_and_ends_the_order(payer: Payer) -> None:
    page = payer.open()

    cancelled = requests.post(f"{page_address(page)}/cancel", timeout=WAIT_S)
    paid_after = payer.pay(page)

    assert returned_fields(cancelled)["response_code"] == "00072"
    assert returned_fields(paid_after)["response_code"] == "00072"
    assert payer.check_status()["transaction_code"] == "00072"


def test_second_submit_does_not_pay_twice(payer: Payer, shop: Shop) -> None:
    page = payer.open()

    first, second = payer.pay(page), payer.pay(page)
    shop.next()

    assert returned_fields(first) == returned_fields(second)
    assert payer.check_status()["captured_amount"] == "10000"
    assert payer.log().count("paid") == 1


@pytest.mark.parametrize(
    ("otp", "answer", "code"),
    [
        ("1234", "confirm", "14000"),
        ("9999", "confirm", "13030"),
        ("1234", "refuse", "13030"),
    ],
)
def test_challenge_card_pays_only_with_the_right_code(
    payer: Payer, shop: Shop, otp: str, answer: str, code: str
) -> None:
    page = payer.pay(payer.open(), CHALLENGED)
    before = payer.check_status()["transaction_code"]

    address = f"{page_address(page)}/challenge"
    requests.post(address, data={"otp": otp, "answer": answer}, timeout=WAIT_S)

    assert "Confirm it is you" in page.text
    assert before == "20064"
    assert payer.check_status()["transaction_code"] == code
    assert shop.next().fields["response_code"] == code


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"card_number": "4005550000000002"}, "Enter the 13 to 19 digits"),
        ({"card_number": "letters"}, "Enter the 13 to 19 digits"),
        ({"expiry_date": "13/30"}, "Enter month and year"),
        ({"expiry_date": "05/21"}, "This card has expired"),
        ({"card_security_code": "12"}, "3 or 4 digit security code"),
    ],
)
def test_mistyped_card_keeps_the_input_and_is_no_attempt(
    payer: Payer, changes: dict[str, str], message: str
) -> None:
    page = (
        payer.pay(payer.open(), card_holder_name="Mia Moss", **changes)
        if ("card_number" not in changes)
        else payer.pay(payer.open(), changes["card_number"], card_holder_name="Mia Moss")
    )

    assert page.status_code == 422
    assert message in page.text
    assert 'value="Mia Moss"' in page.text
    assert payer.check_status()["transaction_code"] == "01000"


def test_arabic_page_is_right_to_left_and_its_message_arabic(payer: Payer) -> None:
    page = payer.open(language="ar")
    paid = payer.pay(page)

    assert '<html lang="ar" dir="rtl">' in page.text
    assert returned_fields(paid)["response_message"] == "عملية ناجحة"
    assert is_from_gateway(returned_fields(paid))


def test_typed_markup_is_escaped(payer: Payer) -> None:
    page = payer.pay(payer.open(), "<b>", card_holder_name='"><script>alert(1)</script>')

    assert "<script>alert" not in page.text
    assert "<b>" not in page.text


def test_three_decimal_currency_is_shown_in_full(payer: Payer) -> None:
    assert "KWD 10.000" in payer.open(currency="KWD").text
    assert "JPY 10,000<" in payer.open("RC-2", currency="JPY").text
