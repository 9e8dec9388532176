"""Signatures of the gateway: phrase, sorted `name=value` pairs, phrase; then a digest."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

SHA_TYPES = ("SHA-256", "SHA-512", "HMAC-256", "HMAC-512")


def sign(fields: Mapping[str, Any], *, phrase: str, sha_type: str) -> str:
    """Return the lower-case hex signature over every field but `signature`."""
    if not phrase:
        raise ValueError("a signature needs a phrase")
    if sha_type not in SHA_TYPES:
        raise ValueError(f"unknown SHA type {sha_type!r}")
    text = signed_text(fields, phrase).encode()
    family, bits = sha_type.split("-")
    digest = f"sha{bits}"
    if family == "HMAC":
        return hmac.new(phrase.encode(), text, digest).hexdigest()
    return hashlib.new(digest, text).hexdigest()


def is_signed(fields: Mapping[str, Any], *, phrase: str, sha_type: str) -> bool:
    """Tell whether the message carries the signature that its own fields call for."""
    claimed = fields.get("signature")
    if not isinstance(claimed, str):
        return False
    expected = sign(fields, phrase=phrase, sha_type=sha_type)
    return hmac.compare_digest(expected.encode(), claimed.lower().encode())


def signed_text(fields: Mapping[str, Any], phrase: str) -> str:
    names = sorted(name for name in fields if name != "signature")
    joined = "".join(f"{name}={_plain(fields[name])}" for name in names)
    return f"{phrase}{joined}{phrase}"


def _plain(value: Any) -> str:
    """Write a value as the gateway's SDKs do; inner keys keep the order they came in."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{key}={_plain(inner)}" for key, inner in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(_plain(inner) for inner in value) + "]"
    return str(value)
