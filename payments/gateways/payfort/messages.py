"""PayFort messages: building what we send, reading what arrives.

A signature proves the signed text, not how it is cut into fields (payfort.md 2.3). So
whatever is read here must also have the shape its field may have, no value but
`return_url` may hold "=", and the status must repeat the response code.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from cmp.lib.display import amount_text
from cmp.lib.money import Money, exponent, is_currency, round_half_up
from payments.gateways.base import NotPayable, Payment, Unreadable

MAX_FIELDS: Final = 100
MAX_AMOUNT_DIGITS: Final = 10
_LANGUAGES: Final = frozenset({"en", "ar"})

# The gateway's own exponents; everything else has two decimals (payfort.md section 5).
_NO_DECIMALS: Final = re.compile("BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|VND|VUV|XAF")
_THREE_DECIMALS: Final = re.compile("BHD|IQD|JOD|KWD|LYD|OMR|TND")

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,60}")
_SHAPES: Final = {
    "command": re.compile(r"[A-Z_]{1,20}"),
    "query_command": re.compile(r"[A-Z_]{1,20}"),
    "access_code": re.compile(r"[A-Za-z0-9]{1,40}"),
    "merchant_identifier": re.compile(r"[A-Za-z0-9]{1,40}"),
    "merchant_reference": re.compile(r"[A-Za-z0-9_.-]{1,40}"),
    "amount": re.compile(r"0|[1-9][0-9]{0,9}"),
    "authorized_amount": re.compile(r"0|[1-9][0-9]{0,9}"),
    "captured_amount": re.compile(r"0|[1-9][0-9]{0,9}"),
    "refunded_amount": re.compile(r"0|[1-9][0-9]{0,9}"),
    "currency": re.compile(r"[A-Z]{3}"),
    "fort_id": re.compile(r"[0-9]{1,20}"),
    "status": re.compile(r"[0-9]{2}"),
    "response_code": re.compile(r"[0-9]{5}"),
    "transaction_status": re.compile(r"[0-9]{2}"),
    "transaction_code": re.compile(r"[0-9]{5}"),
}
_EMAIL: Final = re.compile(r"[A-Za-z0-9_.@+-]{3,254}")
_REFERENCE: Final = _SHAPES["merchant_reference"]
_RETURN_URL: Final = re.compile(r"https?://[A-Za-z0-9$!=?#&_/:.-]{1,390}")
_DESCRIPTION: Final = re.compile(r"[A-Za-z0-9'/._#:$ -]{1,150}")


def purchase_fields(
    payment: Payment, *, access_code: str, merchant_identifier: str
) -> dict[str, str]:
    """The fields of a redirection PURCHASE, unsigned; never an empty or unknown one."""
    if not _EMAIL.fullmatch(payment.payer_email):
        raise NotPayable(
            _("The payment gateway does not accept your e-mail address %(email)s.")
            % {"email": payment.payer_email}
        )
    assert _REFERENCE.fullmatch(payment.reference), payment.reference
    assert _RETURN_URL.fullmatch(payment.return_url), payment.return_url
    assert _DESCRIPTION.fullmatch(payment.description), payment.description
    return {
        "command": "PURCHASE",
        "access_code": access_code,
        "merchant_identifier": merchant_identifier,
        "merchant_reference": payment.reference,
        "amount": amount_digits(payment.amount),
        "currency": payment.amount.currency,
        "language": clamped_language(payment.language),
        "customer_email": payment.payer_email,
        "return_url": payment.return_url,
        "order_description": payment.description,
    }


def status_query_fields(
    reference: str, *, access_code: str, merchant_identifier: str
) -> dict[str, str]:
    """The fields of a CHECK_STATUS query, unsigned."""
    return {
        "query_command": "CHECK_STATUS",
        "access_code": access_code,
        "merchant_identifier": merchant_identifier,
        "merchant_reference": reference,
        "language": "en",
    }


def clamped_language(language: str) -> str:
    """The gateway's page speaks English and Arabic; every other language gets English."""
    short = language[:2].lower()
    return short if short in _LANGUAGES else "en"


def gateway_exponent(currency: str) -> int:
    """Decimals of the currency as the gateway counts its minor units."""
    if _NO_DECIMALS.fullmatch(currency):
        return 0
    return 3 if _THREE_DECIMALS.fullmatch(currency) else 2


def amount_digits(amount: Money) -> str:
    """The amount in minor units, digits only; raises `NotPayable` if it cannot be sent."""
    currency = amount.currency
    # Where the gateway's table differs from ISO 4217, nobody has tested what it charges.
    if exponent(currency) != gateway_exponent(currency):
        raise NotPayable(
            _("The payment gateway does not take %(currency)s.") % {"currency": currency}
        )
    # Cards refuse a third decimal other than 0, and the card is not known yet.
    if exponent(currency) == 3 and amount.amount != round_half_up(amount.amount, 2):
        raise NotPayable(
            _("Cards take %(currency)s in steps of 0.010; you entered %(amount)s.")
            % {"currency": currency, "amount": amount_text(amount)}
        )
    if amount.amount <= 0:
        raise NotPayable(_("The amount must be more than zero."))
    digits = str(amount.minor_units)
    if len(digits) > MAX_AMOUNT_DIGITS:
        largest = Money.from_minor_units(10**MAX_AMOUNT_DIGITS - 1, currency)
        raise NotPayable(
            _("The payment gateway takes at most %(largest)s at a time.")
            % {"largest": largest}
        )
    return digits


def money_of(fields: Mapping[str, str], name: str, currency: str) -> Money | None:
    """The amount a message names in minor units, or None if none can be meant."""
    digits = fields.get(name, "")
    if not digits or not is_currency(currency):
        return None
    if exponent(currency) != gateway_exponent(currency):
        return None
    return Money.from_minor_units(int(digits), currency)


def parse(content_type: str, body: bytes) -> dict[str, str]:
    """The flat fields of a form or JSON body, every value as it was signed.

    Raises `Unreadable` for anything nested, repeated, too long, out of shape, or not
    UTF-8. Works on the raw bytes: a value cleaned first would no longer match.
    """
    is_json = "json" in content_type.lower() or body.lstrip()[:1] == b"{"
    pairs = _json_pairs(body) if is_json else _form_pairs(body)
    if not pairs:
        raise Unreadable("no fields")
    if len(pairs) > MAX_FIELDS:
        raise Unreadable("too many fields")
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Unreadable("a field is repeated")
    _refuse_odd_shapes(fields)
    return fields


def _refuse_odd_shapes(fields: Mapping[str, str]) -> None:
    for name, value in fields.items():
        if not _NAME.fullmatch(name):
            raise Unreadable("a field name is out of shape")
        if value and name in _SHAPES and not _SHAPES[name].fullmatch(value):
            raise Unreadable(f"{name} is out of shape")
        if "=" in value and name != "return_url":
            raise Unreadable(f"{name} holds an equals sign")
    if fields.get("status", "") != fields.get("response_code", "")[:2]:
        raise Unreadable("status and response_code differ")
    inner = fields.get("transaction_code", "")
    if fields.get("transaction_status", inner[:2]) != inner[:2]:
        raise Unreadable("transaction_status and transaction_code differ")


def _form_pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise Unreadable("not a form body") from error


def _json_pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        # Numbers keep the digits they were signed with.
        pairs = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_Pairs,
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise Unreadable("not a JSON body") from error
    if not isinstance(pairs, _Pairs):
        raise Unreadable("not a JSON object")
    return [(name, _flat(name, value)) for name, value in pairs]


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written, so that a repeated key is seen."""

    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        super().__init__(pairs)


def _flat(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{name[:60]!a} is not flat")
    return value


def _refuse_constant(name: str) -> str:
    raise ValueError(f"{name} is not a JSON value")
