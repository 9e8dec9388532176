"""The signature of the PayFort protocol. Pure: importing it needs no Django.

The signed text is PHRASE + every `name=value`, sorted by name, with nothing between
them + PHRASE. Nothing stands between the pairs, so a valid signature proves the text
and not how it is cut into fields; `messages.py` closes that gap.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Final

SHA_TYPES: Final = ("SHA-256", "SHA-512", "HMAC-256", "HMAC-512")


def sign(params: Mapping[str, object], *, phrase: str, sha_type: str) -> str:
    """Return the signature of `params` as lower-case hex.

    Leaves out the parameter `signature` and nothing else. Raises `ValueError` for an
    empty phrase or a SHA type other than `SHA_TYPES`.
    """
    digest = _digest_named(sha_type)
    if not phrase:
        raise ValueError("A signature needs a phrase; the phrase is empty.")
    return digest(_utf8(phrase), _utf8(signed_text(params, phrase=phrase)))


def verify(params: Mapping[str, object], *, phrase: str, sha_type: str) -> bool:
    """Tell whether `params` carry the right `signature`, in constant time.

    Hex case does not count. Raises `ValueError` as `sign` does, so that a channel
    without a phrase accepts nothing.
    """
    expected = sign(params, phrase=phrase, sha_type=sha_type)
    received = params.get("signature")
    if not isinstance(received, str):
        return False
    return hmac.compare_digest(_utf8(expected), _utf8(received.lower()))


def signed_text(params: Mapping[str, object], *, phrase: str) -> str:
    """Return the text the digest is made of."""
    # Names are sorted, never the joined pairs: "1" sorts before "=", so sorted pairs
    # would put merchant_extra1 before merchant_extra (payfort.md, pitfall 4).
    names = sorted(name for name in params if name != "signature")
    return phrase + "".join(f"{name}={_text(params[name])}" for name in names) + phrase


def _text(value: object) -> str:
    """Write a value the way the official kits do; inner keys keep their order."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "{" + ", ".join(f"{k}={_text(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_text(item) for item in value) + "]"
        case _:
            return str(value)


def _utf8(text: str) -> bytes:
    # A lone surrogate from a forged JSON body must end in "no", not in a crash.
    return text.encode("utf-8", "surrogatepass")


def _digest_named(sha_type: str) -> Callable[[bytes, bytes], str]:
    match sha_type:
        case "SHA-256":
            return lambda _key, text: hashlib.sha256(text).hexdigest()
        case "SHA-512":
            return lambda _key, text: hashlib.sha512(text).hexdigest()
        # Keyed and wrapped: the message holds the phrase on both sides here too.
        case "HMAC-256":
            return lambda key, text: hmac.digest(key, text, "sha256").hex()
        case "HMAC-512":
            return lambda key, text: hmac.digest(key, text, "sha512").hex()
        case _:
            raise ValueError(f"Unknown SHA type {sha_type!r}.")
