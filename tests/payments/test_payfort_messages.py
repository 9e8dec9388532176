"""What is sent to PayFort and what of an arriving body is read (PAY-06, PAY-09, F28)."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import moneyed
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmp.lib.money import Money, exponent
from payments.gateways.base import (
    BadSignature,
    Credentials,
    NotPayable,
    Outcome,
    Payment,
    Unreadable,
)
from payments.gateways.payfort import codes, messages, signature
from payments.gateways.payfort.gateway import PayFortGateway

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "payfort_vectors.json").read_text(encoding="utf-8")
)
CREDENTIALS = Credentials(
    address="http://localhost:8001/FortAPI/paymentPage",
    access_code="zx0IPmPy5jp1vAz8Kpg7",
    merchant_identifier="CycHZxVj",
    sha_type="SHA-256",
    request_phrase="ReqPhrase2026",
    response_phrase="ResPhrase2026",
)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json; charset=UTF-8"
GATEWAY = PayFortGateway()
TAKEN = sorted(
    code for code in moneyed.CURRENCIES if exponent(code) == messages.gateway_exponent(code)
)


def answer(**changes: str | None) -> dict[str, str]:
    """A signed success for USD 19.99; None leaves a field out."""
    fields = {
        "command": "PURCHASE",
        "access_code": CREDENTIALS.access_code,
        "merchant_identifier": CREDENTIALS.merchant_identifier,
        "merchant_reference": "CMP261122-ABC",
        "amount": "1999",
        "currency": "USD",
        "language": "en",
        "customer_email": "alice@acme.test",
        "fort_id": "149295435400084008",
        "status": "14",
        "response_code": "14000",
        "response_message": "Success",
        "eci": "ECOMMERCE",
    }
    kept = {n: v for n, v in {**fields, **changes}.items() if v is not None}
    kept["signature"] = signature.sign(kept, phrase="ResPhrase2026", sha_type="SHA-256")
    return kept


def _read(fields: dict[str, str]) -> Any:
    return GATEWAY.read_message(
        CREDENTIALS, content_type=FORM, body=urlencode(fields).encode()
    )


# --- building -------------------------------------------------------------------------


def _payment(**changes: Any) -> Payment:
    values: dict[str, Any] = {
        "reference": "CMP261122-ABC",
        "amount": Money(Decimal("19.99"), "USD"),
        "payer_email": "alice@acme.test",
        "language": "en",
        "description": "Recharge RC-81",
        "return_url": "http://127.0.0.1:8000/pay/1/return",
    }
    return Payment(**{**values, **changes})


def test_the_form_holds_these_fields_and_no_other(settings: Any) -> None:
    settings.PAYMENT_GATEWAY_HOSTS = ["http://localhost:8001"]

    form = GATEWAY.start(CREDENTIALS, _payment())

    fields = dict(form.fields)
    signed = fields.pop("signature")
    assert form.url == "http://localhost:8001/FortAPI/paymentPage"
    assert fields == {
        "command": "PURCHASE",
        "access_code": "zx0IPmPy5jp1vAz8Kpg7",
        "merchant_identifier": "CycHZxVj",
        "merchant_reference": "CMP261122-ABC",
        "amount": "1999",
        "currency": "USD",
        "language": "en",
        "customer_email": "alice@acme.test",
        "return_url": "http://127.0.0.1:8000/pay/1/return",
        "order_description": "Recharge RC-81",
    }
    assert signed == signature.sign(fields, phrase="ReqPhrase2026", sha_type="SHA-256")


@pytest.mark.parametrize(
    ("language", "sent"),
    [("en", "en"), ("ar", "ar"), ("ar-eg", "ar"), ("AR", "ar"), ("hi", "en"), ("", "en")],
)
def test_other_languages_become_english(language: str, sent: str) -> None:
    assert messages.clamped_language(language) == sent


@pytest.mark.parametrize("email", ["o'neil@acme.test", "é@acme.test", "", "a b@c.test"])
def test_an_email_the_gateway_would_refuse_is_refused_before(
    email: str, settings: Any
) -> None:
    settings.PAYMENT_GATEWAY_HOSTS = ["http://localhost:8001"]

    with pytest.raises(NotPayable, match="does not accept your e-mail address"):
        GATEWAY.start(CREDENTIALS, _payment(payer_email=email))


def test_credentials_do_not_show_their_phrases() -> None:
    assert "Phrase2026" not in repr(CREDENTIALS)


# --- amounts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency", "digits"),
    [
        ("19.99", "USD", "1999"),
        ("1.15", "USD", "115"),
        ("500", "AED", "50000"),
        ("100", "JOD", "100000"),
        ("12.34", "KWD", "12340"),
        ("2700", "JPY", "2700"),
        ("99999999.99", "USD", "9999999999"),
        ("0.01", "USD", "1"),
    ],
)
def test_amounts_are_sent_in_minor_units(amount: str, currency: str, digits: str) -> None:
    assert messages.amount_digits(Money(Decimal(amount), currency)) == digits


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        ("12.345", "KWD", r"steps of 0\.010; you entered 12\.345"),
        ("100000000.00", "USD", r"at most USD 99,999,999\.99"),
        ("0", "USD", "more than zero"),
        ("-5", "USD", "more than zero"),
        ("10", "XPF", "does not take XPF"),
        ("10", "CLF", "does not take CLF"),
        ("10", "UYW", "does not take UYW"),
    ],
)
def test_amounts_the_gateway_cannot_take(amount: str, currency: str, why: str) -> None:
    with pytest.raises(NotPayable, match=why):
        messages.amount_digits(Money(Decimal(amount), currency))


@given(currency=st.sampled_from(TAKEN), hundredths=st.integers(1, 10**8))
def test_minor_units_round_trip_in_every_currency(currency: str, hundredths: int) -> None:
    scale = min(2, exponent(currency))
    money = Money.rounded(Decimal(hundredths).scaleb(-scale), currency)

    digits = messages.amount_digits(money)

    assert digits.isascii()
    assert digits.isdigit()
    assert messages.money_of({"amount": digits}, "amount", currency) == money


def test_the_usual_currencies_are_taken() -> None:
    assert {"AED", "SAR", "USD", "EUR", "EGP", "KWD", "BHD", "OMR", "JOD", "JPY"} <= set(
        TAKEN
    )


# --- reading --------------------------------------------------------------------------


def test_form_and_json_read_the_same() -> None:
    fields = answer(customer_name="محمد عبد الله", response_message="عملية ناجحة")

    by_form = messages.parse(FORM, urlencode(fields).encode())
    by_json = messages.parse(JSON, json.dumps(fields).encode())
    raw_json = messages.parse(JSON, json.dumps(fields, ensure_ascii=False).encode())

    assert by_form == by_json == raw_json == fields


def test_json_is_read_without_its_content_type() -> None:
    fields = answer()

    assert messages.parse("", json.dumps(fields).encode()) == fields


def test_json_numbers_keep_the_digits_that_were_signed() -> None:
    body = b'{"amount": 1999, "status": "14", "response_code": 14000, "x": null}'

    assert messages.parse(JSON, body) == {
        "amount": "1999",
        "status": "14",
        "response_code": "14000",
        "x": "",
    }


@pytest.mark.parametrize(
    ("content_type", "body", "why"),
    [
        (JSON, b"", "not a JSON body"),
        (JSON, b"nonsense", "not a JSON body"),
        (JSON, b"[1]", "not a JSON object"),
        (JSON, b'"text"', "not a JSON object"),
        (JSON, b'{"a": {"b": "c"}}', "not flat"),
        (JSON, b'{"a": ["b"]}', "not flat"),
        (JSON, b'{"a": true}', "not flat"),
        (JSON, b'{"a": NaN}', "not a JSON body"),
        (JSON, b'{"a": "1", "a": "1"}', "repeated"),
        (JSON, b'{"a": "\xff"}', "not a JSON body"),
        (JSON, b"[" * 200_000, "not a JSON body"),
        (JSON, json.dumps({f"f{n}": "" for n in range(101)}).encode(), "too many fields"),
        (FORM, b"", "no fields"),
        (JSON, b"{}", "no fields"),
        (FORM, b"nonsense", "not a form body"),
        (FORM, b"a=1&a=1", "repeated"),
        (FORM, b"a=%FF", "not a form body"),
        (FORM, b"a=\xff", "not a form body"),
        (FORM, b"&".join(b"f%d=1" % n for n in range(101)), "not a form body"),
        (FORM, b"=1", "field name"),
        (FORM, b"amount%3D100currency=SAR", "field name"),
        (FORM, b"amount=100currency%3DSAR", "amount is out of shape"),
        (FORM, b"amount=19.99", "amount is out of shape"),
        (FORM, b"amount=-1999", "amount is out of shape"),
        (FORM, b"amount=01999", "amount is out of shape"),
        (FORM, "amount=١٩٩٩".encode(), "amount is out of shape"),
        (FORM, b"amount=12345678901", "amount is out of shape"),
        (FORM, b"currency=usd", "currency is out of shape"),
        (FORM, b"fort_id=12a", "fort_id is out of shape"),
        (FORM, b"status=14%0A", "status is out of shape"),
        (FORM, b"merchant_reference=a%00b", "merchant_reference is out of shape"),
        (FORM, b"customer_name=a%3Db", "equals sign"),
        (FORM, b"status=14&response_code=13666", "differ"),
        (FORM, b"status=14", "differ"),
        (FORM, b"response_code=14000", "differ"),
        (FORM, b"transaction_status=14&transaction_code=13666", "differ"),
    ],
)
def test_what_is_not_a_message_is_refused(content_type: str, body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        messages.parse(content_type, body)


def test_the_recut_message_of_the_ambiguous_pair_is_refused() -> None:
    by_name = {v["name"]: v for v in VECTORS}
    declined = by_name["response/ambiguity_pair_A_declined"]
    recut = by_name["response/ambiguity_pair_B_resplit_of_A"]

    with pytest.raises(Unreadable):
        _read({**recut["params"], "signature": recut["signature"]})
    report = _read({**declined["params"], "signature": declined["signature"]})

    assert report.outcome is Outcome.FAILED
    assert not report.is_ours  # it names no merchant


def test_a_return_url_signed_decoded_is_accepted() -> None:
    vector = next(
        v for v in VECTORS if v["name"] == "response/dotnet_form_return_url_decoded"
    )
    received = {
        **vector["params"],
        "return_url": "http%3A%2F%2Ftest.com",
        "signature": vector["signature"],
    }
    credentials = Credentials("", "", "", "SHA-256", "unused", "PASS")

    report = GATEWAY.read_message(
        credentials, content_type=FORM, body=urlencode(received).encode()
    )

    assert (report.outcome, report.code) == (Outcome.OPEN, "00006")


@pytest.mark.parametrize(
    "vector",
    [v for v in VECTORS if v["phrase"] == "ResPhrase2026" and "ambiguity" not in v["name"]],
    ids=lambda v: f"{v['name']}-{v['algorithm']}",
)
def test_published_responses_are_read(vector: dict[str, Any]) -> None:
    credentials = Credentials(
        "", "zx0IPmPy5jp1vAz8Kpg7", "CycHZxVj", vector["algorithm"], "x", "ResPhrase2026"
    )
    fields = {**vector["params"], "signature": vector["signature"]}
    body = json.dumps(fields).encode()
    code = fields.get("transaction_code", fields["response_code"])

    if "3ds_url" in fields:  # its token holds "=": never needed after a redirect
        with pytest.raises(Unreadable):
            GATEWAY.read_message(credentials, content_type=JSON, body=body)
        return
    if "query_command" in fields:
        amount = Money(Decimal(500), "AED")
        report = GATEWAY.read_status(
            credentials, content_type=JSON, body=body, amount=amount
        )
        assert report.amount == amount
    else:
        report = GATEWAY.read_message(credentials, content_type=JSON, body=body)
        assert report.is_ours

    assert report.outcome is codes.purchase_outcome(code)
    assert report.gateway_reference == fields["fort_id"]


# --- judging --------------------------------------------------------------------------


def test_a_signed_success_is_paid() -> None:
    report = _read(answer())

    assert report.outcome is Outcome.PAID
    assert report.is_ours
    assert report.amount == Money(Decimal("19.99"), "USD")
    assert report.reference == "CMP261122-ABC"
    assert report.gateway_reference == "149295435400084008"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("14000", Outcome.PAID),
        ("13666", Outcome.FAILED),
        ("13012", Outcome.FAILED),
        ("13006", Outcome.FAILED),
        ("00008", Outcome.FAILED),
        ("00072", Outcome.CANCELLED),
        ("01072", Outcome.CANCELLED),
        ("00006", Outcome.OPEN),
        ("00007", Outcome.OPEN),
        ("00066", Outcome.OPEN),
        ("14001", Outcome.OPEN),
        ("02000", Outcome.OPEN),
        ("04000", Outcome.OPEN),
        ("06000", Outcome.OPEN),
        ("15777", Outcome.OPEN),
        ("20064", Outcome.OPEN),
        ("19000", Outcome.OPEN),
        ("99999", Outcome.OPEN),
    ],
)
def test_what_a_code_means(code: str, outcome: Outcome) -> None:
    report = _read(answer(response_code=code, status=code[:2]))

    assert report.outcome is outcome


@pytest.mark.parametrize(
    "command", ["AUTHORIZATION", "CAPTURE", "REFUND", "VOID_AUTHORIZATION", None]
)
def test_only_a_purchase_says_anything_of_a_payment(command: str | None) -> None:
    assert _read(answer(command=command)).outcome is Outcome.OPEN


def test_a_status_answer_posted_as_a_notice_says_nothing() -> None:
    fields = answer(query_command="CHECK_STATUS")

    assert _read(fields).outcome is Outcome.OPEN


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "1"},
        {"amount": "199900"},
        {"currency": "KWD"},
        {"merchant_reference": "CMP261122-ABD"},
        {"fort_id": "1"},
        {"extra": "1"},
        {"signature": "0" * 64},
        {"signature": ""},
    ],
)
def test_one_changed_field_breaks_the_signature(change: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        _read({**answer(), **change})


@pytest.mark.parametrize("missing", sorted(answer()))
def test_one_missing_field_is_refused(missing: str) -> None:
    fields = answer()
    del fields[missing]

    with pytest.raises((BadSignature, Unreadable)):
        _read(fields)


def test_a_message_signed_with_the_request_phrase_is_refused() -> None:
    fields = answer()
    fields["signature"] = signature.sign(fields, phrase="ReqPhrase2026", sha_type="SHA-256")

    with pytest.raises(BadSignature):
        _read(fields)


@pytest.mark.parametrize("field", ["access_code", "merchant_identifier"])
def test_a_message_for_another_merchant_is_not_ours(field: str) -> None:
    assert not _read(answer(**{field: "SOMEBODYELSE"})).is_ours


# --- status ---------------------------------------------------------------------------


def _status(**changes: str | None) -> Any:
    fields = {
        "query_command": "CHECK_STATUS",
        "access_code": CREDENTIALS.access_code,
        "merchant_identifier": CREDENTIALS.merchant_identifier,
        "merchant_reference": "CMP261122-ABC",
        "language": "en",
        "fort_id": "149295435400084008",
        "status": "12",
        "response_code": "12000",
        "response_message": "Success",
        "transaction_status": "14",
        "transaction_code": "14000",
        "captured_amount": "1999",
        "authorized_amount": "1999",
        "refunded_amount": "0",
    }
    kept = {n: v for n, v in {**fields, **changes}.items() if v is not None}
    kept["signature"] = signature.sign(kept, phrase="ResPhrase2026", sha_type="SHA-256")
    return GATEWAY.read_status(
        CREDENTIALS,
        content_type=JSON,
        body=json.dumps(kept).encode(),
        amount=Money(Decimal("19.99"), "USD"),
    )


def test_a_status_answer_tells_what_was_captured() -> None:
    report = _status()

    assert report.outcome is Outcome.PAID
    assert report.amount == Money(Decimal("19.99"), "USD")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"transaction_code": "13666", "transaction_status": "13"}, Outcome.FAILED),
        ({"transaction_code": "00072", "transaction_status": "00"}, Outcome.CANCELLED),
        ({"transaction_code": "20064", "transaction_status": "20"}, Outcome.OPEN),
        ({"transaction_code": "02000", "transaction_status": "02"}, Outcome.OPEN),
        ({"transaction_code": "06000", "transaction_status": "06"}, Outcome.OPEN),
        ({"refunded_amount": "1"}, Outcome.OPEN),
        ({"transaction_code": None, "transaction_status": None}, Outcome.OPEN),
        ({"response_code": "11036", "status": "11"}, Outcome.NOT_FOUND),
        ({"response_code": "11006", "status": "11"}, Outcome.OPEN),
        ({"response_code": "00008", "status": "00"}, Outcome.OPEN),
    ],
)
def test_what_a_status_answer_means(
    changes: dict[str, str | None], outcome: Outcome
) -> None:
    assert _status(**changes).outcome is outcome


def test_a_notice_is_no_statusanswer() -> None:
    with pytest.raises(Unreadable, match="not an answer"):
        _status(query_command=None)
    with pytest.raises(Unreadable, match="not an answer"):
        _status(command="PURCHASE")


def test_nothing_is_accepted_without_a_phrase() -> None:
    credentials = Credentials("", "a", "b", "SHA-256", "x", "")

    with pytest.raises(ValueError, match="empty"):
        GATEWAY.read_message(
            credentials, content_type=FORM, body=urlencode(answer()).encode()
        )


# --- address --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("http://localhost:8001", "http://localhost:8001/FortAPI/paymentPage"),
        ("http://localhost:8001/", "http://localhost:8001/FortAPI/paymentPage"),
        ("http://LOCALHOST:8001/x/", "http://localhost:8001/x"),
        (
            "https://checkout.payfort.com/FortAPI/paymentPage",
            "https://checkout.payfort.com/FortAPI/paymentPage",
        ),
    ],
)
def test_configured_hosts_are_allowed(address: str, stored: str, settings: Any) -> None:
    settings.PAYMENT_GATEWAY_HOSTS = [
        "http://localhost:8001",
        "https://checkout.payfort.com",
    ]

    assert GATEWAY.check_address(address) == stored


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "http://localhost:8002/FortAPI/paymentPage",
        "https://localhost:8001/FortAPI/paymentPage",
        "http://localhost/FortAPI/paymentPage",
        "http://user@localhost:8001/",
        "http://localhost:8001@evil.test/",
        "http://localhost:8001.evil.test/",
        "http://evil.test/?http://localhost:8001",
        "http://localhost:99999/",
        "http://[::1/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//localhost:8001/",
        "http://localhost:8001/?a=1",
        "http://localhost:8001/#a",
    ],
)
def test_other_addresses_are_refused(address: str, settings: Any) -> None:
    settings.PAYMENT_GATEWAY_HOSTS = ["http://localhost:8001"]

    with pytest.raises(NotPayable):
        GATEWAY.check_address(address)
