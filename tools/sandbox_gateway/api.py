"""Server operations: check status, refund, charge a saved card, change a saved card."""

import json
from collections.abc import Mapping
from dataclasses import replace

from tools.sandbox_gateway import codes, messages
from tools.sandbox_gateway.desk import Desk
from tools.sandbox_gateway.merchants import DEMO_MERCHANT, Merchant
from tools.sandbox_gateway.signing import is_signed
from tools.sandbox_gateway.store import Payment

ALLOWED = {
    "CHECK_STATUS": {"fort_id", "return_third_party_response_codes"},
    "REFUND": {
        "fort_id",
        "amount",
        "currency",
        "maintenance_reference",
        "order_description",
    },
    "UPDATE_TOKEN": {
        *("token_name", "token_status", "new_token_name", "expiry_date"),
        *("card_holder_name",),
    },
    "PURCHASE": {
        *("amount", "currency", "customer_email", "eci", "token_name", "agreement_id"),
        *("order_description", "customer_name", "customer_ip", "phone_number"),
        *("settlement_reference", "merchant_extra", "return_url"),
    },
}
MANDATORY = {
    "CHECK_STATUS": set[str](),
    "REFUND": {"amount", "currency"},
    "UPDATE_TOKEN": {"token_name"},
    "PURCHASE": {"amount", "currency", "customer_email", "eci", "token_name"},
}
SELECTORS = ("command", "query_command", "service_command")
COMMON = {
    "access_code",
    "merchant_identifier",
    "merchant_reference",
    "language",
    "signature",
}

Answer = dict[str, str]


def answer(desk: Desk, fields: dict[str, str]) -> Answer:
    """Carry out one signed operation and return its signed answer."""
    merchant = desk.options.merchant(fields.get("merchant_identifier", ""))
    operation = next((fields[name] for name in SELECTORS if name in fields), "")
    code = "009" if merchant is None else _refusal(fields, operation, merchant)
    if merchant is None or code:
        told = _with_code(fields, f"00{code}")
    else:
        told = OPERATIONS[operation](desk, fields)
    reference = fields.get("merchant_reference", "")
    desk.store.note(reference, operation or "operation", code=told["response_code"])
    script = desk.script_for(reference)
    return messages.seal(told, merchant or DEMO_MERCHANT, script, "status")


def refund_from_dashboard(desk: Desk, payment: Payment, amount: int) -> str:
    """Refund as the merchant's staff would in the gateway's dashboard: only a notice."""
    code = desk.store.add_refund(payment, amount, "")
    if not code:
        _announce_refund(desk, payment, amount, "")
    return code


def _refusal(fields: Mapping[str, str], operation: str, merchant: Merchant) -> str:
    if operation not in OPERATIONS:
        return "004"
    if fields.get("access_code") != merchant.access_code:
        return "010"
    if set(fields) - ALLOWED[operation] - COMMON - set(SELECTORS):
        return "027"
    has_order = fields.get("merchant_reference") or fields.get("fort_id")
    if not (has_order and MANDATORY[operation] | {"language", "signature"} <= set(fields)):
        return "001"
    if not is_signed(fields, phrase=merchant.request_phrase, sha_type=merchant.sha_type):
        return "008"
    amount = fields.get("amount", "1")
    return "" if amount.isascii() and amount.isdigit() and int(amount) > 0 else "005"


def _check_status(desk: Desk, fields: dict[str, str]) -> Answer:
    payment = _payment(desk, fields)
    reference = fields.get("merchant_reference", "")
    if payment is None or desk.script_for(reference).hide_status:
        return _with_code(fields, "11036")
    language = fields["language"]
    told = {
        "fort_id": payment.fort_id,
        "merchant_reference": payment.reference,
        "transaction_status": payment.code[:2],
        "transaction_code": payment.code,
        "transaction_message": codes.message(payment.code, language),
        "authorized_amount": str(payment.captured),
        "captured_amount": str(payment.captured),
        "refunded_amount": str(payment.refunded),
    }
    if payment.captured:
        told["authorization_code"] = payment.authorization_code
    return {**_with_code(fields, codes.CHECKED), **told}


def _refund(desk: Desk, fields: dict[str, str]) -> Answer:
    payment = _payment(desk, fields)
    if payment is None:
        return _with_code(fields, "07036")
    if fields["currency"] != payment.request["currency"]:
        return _with_code(fields, "07013")
    amount, own_reference = int(fields["amount"]), fields.get("maintenance_reference", "")
    if code := desk.store.add_refund(payment, amount, own_reference):
        return _with_code(fields, f"07{code}")
    _announce_refund(desk, payment, amount, own_reference)
    return {**_with_code(fields, codes.REFUNDED), "fort_id": payment.fort_id}


def _announce_refund(desk: Desk, payment: Payment, amount: int, own_reference: str) -> None:
    notice = {
        **messages.outcome_of(payment, codes.REFUNDED),
        "command": "REFUND",
        "amount": str(amount),
    }
    if own_reference:
        notice["maintenance_reference"] = own_reference
    desk.announce(payment, notice)


def _charge_saved_card(desk: Desk, fields: dict[str, str]) -> Answer:
    """A merchant-initiated charge: nobody is there, so the token decides alone."""
    rows = desk.store.run(
        "SELECT card FROM token WHERE name = ? AND merchant = ? AND state = 'ACTIVE'",
        *(fields["token_name"], fields["merchant_identifier"]),
    )
    if not rows:
        return _with_code(fields, "13044")
    payment = desk.store.add_payment(fields)
    if payment is None:
        return _with_code(fields, "13066")
    amount = int(fields["amount"])
    card = rows[0]["card"]
    desk.store.settle(
        payment, state="PAID", code=codes.SUCCESS, card=card, captured=amount, attempts=1
    )
    paid = replace(payment, card=json.loads(card))
    told = {**messages.outcome_of(paid, codes.SUCCESS), "eci": fields["eci"]}
    desk.announce(paid, told)
    return told


def _update_token(desk: Desk, fields: dict[str, str]) -> Answer:
    state = fields.get("token_status", "ACTIVE")
    rows = desk.store.run(
        "UPDATE token SET state = ? WHERE name = ? AND merchant = ? RETURNING name",
        *(state, fields["token_name"], fields["merchant_identifier"]),
    )
    return _with_code(fields, codes.TOKEN_UPDATED if rows else "59044")


def _payment(desk: Desk, fields: Mapping[str, str]) -> Payment | None:
    return desk.store.find_payment(
        fields["merchant_identifier"],
        fields.get("merchant_reference", ""),
        fields.get("fort_id", ""),
    )


def _with_code(fields: Mapping[str, str], code: str) -> Answer:
    echo = {name: text for name, text in fields.items() if name != "signature"}
    language = "ar" if fields.get("language") == "ar" else "en"
    return {
        **echo,
        "status": code[:2],
        "response_code": code,
        "response_message": codes.message(code, language),
    }


OPERATIONS = {
    "CHECK_STATUS": _check_status,
    "REFUND": _refund,
    "UPDATE_TOKEN": _update_token,
    "PURCHASE": _charge_saved_card,
}
