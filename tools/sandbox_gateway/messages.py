"""The messages this gateway signs: the same fields for return, notice and answer."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from tools.sandbox_gateway import codes, signing
from tools.sandbox_gateway.merchants import Merchant
from tools.sandbox_gateway.script import Script
from tools.sandbox_gateway.store import Payment

FORM = "application/x-www-form-urlencoded"
JSON = "application/json; charset=utf-8"


def outcome_of(payment: Payment, code: str) -> dict[str, str]:
    """Say how one attempt ended: the echo of the request and what the gateway adds."""
    echo = {name: text for name, text in payment.request.items() if name != "signature"}
    answer = {
        "fort_id": payment.fort_id,
        "status": code[:2],
        "response_code": code,
        "response_message": codes.message(code, payment.language),
        "eci": "ECOMMERCE",
        **payment.card,
    }
    if code == codes.SUCCESS:
        answer["authorization_code"] = payment.authorization_code
    return {**echo, **answer}


def seal(
    fields: Mapping[str, str], merchant: Merchant, script: Script, channel: str
) -> dict[str, str]:
    """Sign a message for one channel, with whatever the script does before and after."""
    honest = {**fields, **script.alterations(channel)}
    if not script.unsigned:
        signature = signing.sign(
            honest, phrase=merchant.response_phrase, sha_type=merchant.sha_type
        )
        honest["signature"] = signature.upper() if script.uppercase_signature else signature
    return {**honest, **script.tampering(channel)}


def encode(fields: Mapping[str, str], notice_format: str) -> tuple[bytes, str]:
    if notice_format == "form":
        return urlencode(fields).encode(), FORM
    return json.dumps(fields, ensure_ascii=False).encode(), JSON


def notice_url(merchant: Merchant, return_url: str, notice_base: str) -> str:
    """Where the merchant hears of results: as configured, else beside the return."""
    if merchant.notice_url:
        return merchant.notice_url
    path = urlsplit(return_url).path.rstrip("/")
    if not path.endswith("/return"):
        return ""
    return f"{notice_base.rstrip('/')}{path.removesuffix('/return')}/notice"
