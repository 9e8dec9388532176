"""How one payment's messages are made to go wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from tools.sandbox_gateway.merchants import FOREIGN_MERCHANT

ORDERS = ("any", "notice_first", "return_first")
FORMATS = ("", "json", "form")


class BadScript(ValueError):
    """The script names something this gateway does not know."""


@dataclass(frozen=True)
class Script:
    """What happens to the messages about one merchant reference; the default is nothing.

    `alter_*` changes fields before signing (the gateway lies), `tamper_*` after it
    (somebody on the way lies). `api_failures` and `page_failures` count answers with
    `failure_status`; minus one fails for ever.
    """

    return_drop: bool = False
    notice_drop: bool = False
    notice_copies: int = 1
    notice_delay_s: float = 0.0
    notice_format: str = ""
    order: str = "any"
    alter_return: dict[str, str] = field(default_factory=dict)
    alter_notice: dict[str, str] = field(default_factory=dict)
    alter_status: dict[str, str] = field(default_factory=dict)
    tamper_return: dict[str, str] = field(default_factory=dict)
    tamper_notice: dict[str, str] = field(default_factory=dict)
    tamper_status: dict[str, str] = field(default_factory=dict)
    foreign_merchant: bool = False
    unsigned: bool = False
    uppercase_signature: bool = False
    api_failures: int = 0
    page_failures: int = 0
    failure_status: int = 503
    api_delay_s: float = 0.0
    page_delay_s: float = 0.0
    hide_status: bool = False

    @classmethod
    def from_json(cls, given: Any) -> Script:
        """Read a script; an unknown name or a wrong type is refused, never skipped."""
        if not isinstance(given, dict):
            raise BadScript("a script is an object")
        blank = cls()
        for name, value in given.items():
            if name not in {known.name for known in fields(cls)}:
                raise BadScript(f"unknown setting: {name}")
            if not _fits(value, getattr(blank, name)):
                raise BadScript(f"wrong type for {name}")
        script = cls(**given)
        if script.order not in ORDERS or script.notice_format not in FORMATS:
            raise BadScript(f"order is one of {ORDERS}, notice_format one of {FORMATS}")
        return script

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def with_choice(self, choice: str) -> Script:
        """Add what the payer chose on the hosted page under “Sandbox”."""
        return replace(self, **CHOICES.get(choice, {}))

    def alterations(self, channel: str) -> dict[str, str]:
        changed: dict[str, str] = getattr(self, f"alter_{channel}")
        if not self.foreign_merchant:
            return changed
        return {
            "merchant_identifier": FOREIGN_MERCHANT.merchant_identifier,
            "access_code": FOREIGN_MERCHANT.access_code,
            **changed,
        }

    def tampering(self, channel: str) -> dict[str, str]:
        changed: dict[str, str] = getattr(self, f"tamper_{channel}")
        return changed


CHOICES: dict[str, dict[str, Any]] = {
    "normal": {},
    "closed": {"return_drop": True},
    "silent": {"return_drop": True, "notice_drop": True},
    "duplicate": {"notice_copies": 3},
}


def _fits(value: Any, blank: Any) -> bool:
    if isinstance(blank, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(blank, dict):
        return isinstance(value, dict) and all(
            isinstance(text, str) for text in value.values()
        )
    return type(value) is type(blank)
