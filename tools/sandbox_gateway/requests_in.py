"""What a redirection request may carry, and the code that refuses one that is wrong."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from tools.sandbox_gateway.merchants import Merchant
from tools.sandbox_gateway.signing import is_signed


@dataclass(frozen=True)
class Rule:
    """One parameter: what it may hold, how long it may be, whether it must be there."""

    pattern: str
    longest: int
    is_mandatory: bool = False

    def refusal(self, value: str) -> str:
        if len(value) > self.longest:
            return "032"
        return "" if re.fullmatch(self.pattern, value) else "002"


_EXTRA = r"[\w.;/\-,'@ ]+"
_ADDRESS = r"[\w .,'/#:()@&+-]+"
RULES = {
    "command": Rule(r"[A-Z_]+", 20, is_mandatory=True),
    "access_code": Rule(r"[A-Za-z0-9]+", 20, is_mandatory=True),
    "merchant_identifier": Rule(r"[A-Za-z0-9]+", 20, is_mandatory=True),
    "merchant_reference": Rule(r"[A-Za-z0-9_.-]+", 40, is_mandatory=True),
    "amount": Rule(r"[0-9]+", 10, is_mandatory=True),
    "currency": Rule(r"[A-Z]{3}", 3, is_mandatory=True),
    "language": Rule(r"[a-z]{2}", 2, is_mandatory=True),
    "customer_email": Rule(r"[A-Za-z0-9_.@+-]+", 254, is_mandatory=True),
    "signature": Rule(r"[A-Za-z0-9]+", 200, is_mandatory=True),
    "return_url": Rule(r"[A-Za-z0-9$!=?#&_/:.-]+", 400),
    "token_name": Rule(r"[A-Za-z0-9.@_-]+", 100),
    "remember_me": Rule(r"YES|NO", 3),
    "payment_option": Rule(r"[A-Z]+", 10),
    "eci": Rule(r"ECOMMERCE|MOTO|RECURRING", 16),
    "order_description": Rule(r"[\w'/.\-#:$ ]+", 150),
    "customer_ip": Rule(r"[0-9A-Fa-f.:]+", 45),
    "customer_name": Rule(r"[^\d<>=&\"]+", 40),
    "phone_number": Rule(r"[0-9+() -]+", 19),
    "settlement_reference": Rule(r"[A-Za-z0-9_.-]+", 34),
    "check_3ds": Rule(r"NO", 2),
    "agreement_id": Rule(r"[A-Za-z0-9_.-]+", 40),
    "recurring_mode": Rule(r"[A-Z_]+", 20),
    "recurring_transactions_count": Rule(r"[0-9]+", 4),
    "device_fingerprint": Rule(r"[\w.+/=-]+", 4000),
    "merchant_extra": Rule(_EXTRA, 999),
    **{f"merchant_extra{number}": Rule(_EXTRA, 250) for number in range(1, 6)},
    **{
        f"{kind}_{part}": Rule(_ADDRESS, 100)
        for kind in ("billing", "shipping")
        for part in ("street", "street2", "city", "stateProvince", "postcode", "country")
    },
}

EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "VND", "VUV", "XAF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    "CLF": 4,
}


def refusal(fields: dict[str, str], merchant: Merchant) -> str:
    """Return the message code that refuses this request, or nothing if it may be paid."""
    if fields.get("access_code") != merchant.access_code:
        return "010"
    if set(fields) - set(RULES):
        return "027"
    if any(rule.is_mandatory and not fields.get(name) for name, rule in RULES.items()):
        return "001"
    if not is_signed(fields, phrase=merchant.request_phrase, sha_type=merchant.sha_type):
        return "008"
    for name, value in fields.items():
        if code := RULES[name].refusal(value):
            return code
    return _value_refusal(fields)


def exponent(currency: str) -> int:
    return EXPONENTS.get(currency, 2)


def shown_amount(minor_units: str, currency: str) -> str:
    """Write minor units as people read them, by moving the point in the text."""
    places = exponent(currency)
    digits = minor_units.rjust(places + 1, "0")
    whole = f"{int(digits[: len(digits) - places]):,}"
    return f"{currency} {whole}" + (f".{digits[-places:]}" if places else "")


def _value_refusal(fields: dict[str, str]) -> str:
    if fields["command"] != "PURCHASE":
        return "004"
    if int(fields["amount"]) == 0:
        return "005"
    if fields["language"] not in {"en", "ar"}:
        return "033"
    if "return_url" not in fields:
        return "037"
    return "" if _may_return_to(fields["return_url"]) else "002"


def _may_return_to(url: str) -> bool:
    """The real gateway wants HTTPS; this one also returns to the machine it runs on."""
    parts = urlsplit(url)
    is_local = parts.hostname in {"localhost", "127.0.0.1"}
    return parts.scheme == "https" or (parts.scheme == "http" and is_local)
