"""Server operations: status, refunds, saved cards."""

import pytest
import requests

from tests.sandbox.conftest import (
    DECLINED,
    WAIT_S,
    Payer,
    Shop,
    is_from_gateway,
    returned_fields,
)


def test_status_of_a_paid_order(payer: Payer) -> None:
    returned = returned_fields(payer.pay(payer.open()))

    told = payer.check_status()

    assert is_from_gateway(told)
    assert told["response_code"] == "12000"
    assert told["transaction_code"] == "14000"
    assert told["captured_amount"] == "10000"
    assert told["refunded_amount"] == "0"
    assert told["fort_id"] == returned["fort_id"]


def test_status_may_be_asked_by_the_gateways_own_number(payer: Payer) -> None:
    fort_id = returned_fields(payer.pay(payer.open()))["fort_id"]

    found = payer.api(query_command="CHECK_STATUS", fort_id=fort_id).json()
    crossed = payer.api(
        query_command="CHECK_STATUS", fort_id=fort_id, merchant_reference="RC-2"
    ).json()

    assert found["merchant_reference"] == "RC-1"
    assert crossed["response_code"] == "11036"


def test_status_follows_the_order(payer: Payer) -> None:
    unknown = payer.check_status()["response_code"]
    page = payer.open()
    opened = payer.check_status()["transaction_code"]
    payer.pay(page, DECLINED)
    declined = payer.check_status()["transaction_code"]

    assert (unknown, opened, declined) == ("11036", "01000", "13666")


def test_refunds_never_exceed_what_was_captured(payer: Payer, shop: Shop) -> None:
    payer.pay(payer.open())
    shop.next()

    def refund(amount: str, own: str) -> str:
        answer = payer.api(
            command="REFUND",
            merchant_reference="RC-1",
            amount=amount,
            currency="USD",
            maintenance_reference=own,
        ).json()
        assert is_from_gateway(answer)
        return str(answer["response_code"])

    codes = [refund("6000", "RF-1"), refund("6000", "RF-2"), refund("4000", "RF-3")]
    notices = [shop.next().fields for _ in range(2)]

    assert codes == ["06000", "07048", "06000"]
    assert {notice["command"] for notice in notices} == {"REFUND"}
    assert {notice["maintenance_reference"] for notice in notices} == {"RF-1", "RF-3"}
    assert payer.check_status()["refunded_amount"] == "10000"


def test_refund_under_a_used_reference_is_refused(payer: Payer) -> None:
    payer.pay(payer.open())
    refund = {"command": "REFUND", "merchant_reference": "RC-1", "currency": "USD"}

    first = payer.api(**refund, amount="100", maintenance_reference="RF-1").json()
    again = payer.api(**refund, amount="100", maintenance_reference="RF-1").json()

    assert first["response_code"] == "06000"
    assert again["response_code"] == "07066"
    assert payer.check_status()["refunded_amount"] == "100"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"query_command": "NOTHING"}, "00004"),
        ({"access_code": "WRONG"}, "00010"),
        ({"surprise": "x"}, "00027"),
        ({"merchant_reference": ""}, "00001"),
    ],
)
def test_wrong_operation_is_refused_with_its_code(
    payer: Payer, changes: dict[str, str], code: str
) -> None:
    question = {"query_command": "CHECK_STATUS", "merchant_reference": "RC-1", **changes}

    assert payer.api(**question).json()["response_code"] == code


def test_operation_with_a_wrong_signature_is_refused(payer: Payer) -> None:
    body = {**payer.request(), "query_command": "CHECK_STATUS"}
    kept = ("access_code", "merchant_identifier", "merchant_reference", "language")
    question = {name: body[name] for name in (*kept, "query_command", "signature")}

    answer = requests.post(f"{payer.url}/FortAPI/paymentApi", json=question, timeout=WAIT_S)

    assert answer.json()["response_code"] == "00008"


def test_saved_card_is_charged_until_it_is_switched_off(payer: Payer, shop: Shop) -> None:
    token = returned_fields(payer.pay(payer.open(), remember_me="YES"))["token_name"]
    shop.next()
    charge = {
        "command": "PURCHASE",
        "eci": "RECURRING",
        "token_name": token,
        "amount": "2500",
        "currency": "USD",
        "customer_email": "owner@demo.test",
    }

    charged = payer.api(**charge, merchant_reference="RC-2").json()
    notice = shop.next().fields
    repeated = payer.api(**charge, merchant_reference="RC-2").json()
    switched_off = payer.api(
        service_command="UPDATE_TOKEN",
        merchant_reference="RC-3",
        token_name=token,
        token_status="INACTIVE",
    ).json()
    refused = payer.api(**charge, merchant_reference="RC-4").json()

    assert charged["response_code"] == "14000"
    assert notice["merchant_reference"] == "RC-2"
    assert repeated["response_code"] == "13066"
    assert switched_off["status"] == "58"
    assert refused["response_code"] == "13044"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a": {"b": "c"}}'])
def test_unreadable_operation_is_answered(payer: Payer, body: bytes) -> None:
    answer = requests.post(f"{payer.url}/FortAPI/paymentApi", data=body, timeout=WAIT_S)

    assert answer.json()["response_code"] == "00073"
