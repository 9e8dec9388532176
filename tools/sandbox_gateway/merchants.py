"""Who may take payments here, and the options this process was started with."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path


@dataclass(frozen=True)
class Merchant:
    """One account at the gateway: what its dashboard would hold."""

    merchant_identifier: str
    access_code: str
    request_phrase: str
    response_phrase: str
    sha_type: str = "SHA-256"
    name: str = "CMP Billing"
    notice_url: str = ""
    notice_format: str = ""
    saves_cards: bool = True


DEMO_MERCHANT = Merchant(
    merchant_identifier="SANDBOXMERCHANT",
    access_code="SANDBOXACCESS",
    request_phrase="sandbox-request-phrase",
    response_phrase="sandbox-response-phrase",
)

# Signs for nobody's shop but its own: what a message meant for another merchant looks like.
FOREIGN_MERCHANT = Merchant(
    merchant_identifier="FOREIGNMERCHANT",
    access_code="FOREIGNACCESS",
    request_phrase="foreign-request-phrase",
    response_phrase="foreign-response-phrase",
    name="Somebody else",
)


@dataclass(frozen=True)
class Options:
    """How this gateway runs."""

    host: str = "127.0.0.1"
    port: int = 8001
    notice_base: str = "http://127.0.0.1:8000"
    notice_format: str = "json"
    database: str = ":memory:"
    merchants: tuple[Merchant, ...] = (DEMO_MERCHANT, FOREIGN_MERCHANT)
    retry_interval_s: float = 10.0
    retries: int = 10

    def merchant(self, merchant_identifier: str) -> Merchant | None:
        for merchant in self.merchants:
            if merchant.merchant_identifier == merchant_identifier:
                return merchant
        return None

    def format_for(self, merchant: Merchant) -> str:
        return merchant.notice_format or self.notice_format


def read_merchants(path: Path) -> tuple[Merchant, ...]:
    """Read merchants from a JSON list; a name the gateway does not know is refused."""
    known = {field.name for field in fields(Merchant)}
    rows: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    for row in rows:
        if unknown := set(row) - known:
            raise ValueError(f"unknown merchant setting: {', '.join(sorted(unknown))}")
    return _with_foreign(Merchant(**row) for row in rows)  # type: ignore[arg-type]


def _with_foreign(merchants: Iterable[Merchant]) -> tuple[Merchant, ...]:
    return (*merchants, replace(FOREIGN_MERCHANT))
