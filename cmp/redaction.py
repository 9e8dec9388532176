"""What must never stand in a log line, and what stands there instead.

Every rule errs on the side of hiding: a log line that says too little is repaired by the
row whose id it names; one that says too much cannot be called back.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import zip_longest
from typing import Final
from urllib.parse import unquote, urlsplit

from django.conf import settings

HIDDEN: Final = "[hidden]"
SHORTEST_SECRET: Final = 6

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAMES = (
    "password|passwd|secret|token|phrase|signature|access_code|authorization|cookie"
    "|sessionid|csrf|card_number|card_security_code|cvv|otp|api_key|key_hash"
)
_Replacement = str | Callable[[re.Match[str]], str]

_RULES: Final[list[tuple[re.Pattern[str], _Replacement]]] = [
    (re.compile(r"(?<=://)[^\s/@]+@"), f"{HIDDEN}@"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*"), "[e-mail]"),
    (re.compile(r"(?i)\b(Bearer|Basic|Token)\s+[\w.~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(
            rf"(?i)(\w*(?:{_NAMES})\w*[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&)}}]+)"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?<=/reset/key/)[^/\s]+"), HIDDEN),
    (
        re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?!\.?\d)"),
        lambda match: "[card]" if _is_card_like(match[0]) else match[0],
    ),
    # Session keys, CSRF tokens, signatures and ciphertexts; a UUID names a task.
    (
        re.compile(rf"(?!{_UUID}\b)(?=[\w-]*\d)(?=[\w-]*[A-Za-z])\b[\w-]{{32,}}=*"),
        "[token]",
    ),
]


def redact(text: str) -> str:
    """The text without e-mail addresses, card numbers, tokens and the secrets in use."""
    for secret in _secrets_in_use():
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


@cache
def _secrets_in_use() -> tuple[str, ...]:
    """The secrets of this deployment, longest first, so that none is left in part."""
    found = (str(secret) for secret in _candidates() if secret)
    long_enough = {secret for secret in found if len(secret) >= SHORTEST_SECRET}
    return tuple(sorted(long_enough, key=len, reverse=True))


def _candidates() -> Iterator[str | None]:
    yield settings.SECRET_KEY
    yield from settings.SECRET_KEY_FALLBACKS
    yield from settings.ENCRYPTION_KEYS
    yield settings.DATABASES["default"].get("PASSWORD")
    yield settings.METRICS_TOKEN
    yield settings.EMAIL_HOST_PASSWORD
    yield unquote(urlsplit(settings.REDIS_URL).password or "")


def _is_card_like(text: str) -> bool:
    """Whether the digits pass the check that card numbers pass (Luhn)."""
    digits = [int(digit) for digit in reversed(text) if digit.isdigit()]
    pairs = zip_longest(digits[::2], digits[1::2], fillvalue=0)
    total = sum(plain + sum(divmod(2 * doubled, 10)) for plain, doubled in pairs)
    return total % 10 == 0
