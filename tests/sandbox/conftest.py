"""A real gateway and a real shop, each on a port the system chose."""

import json
import queue
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from tools.sandbox_gateway.merchants import DEMO_MERCHANT, Options
from tools.sandbox_gateway.server import SandboxGateway
from tools.sandbox_gateway.signing import is_signed, sign

WAIT_S = 10.0
APPROVED, CHALLENGED, DECLINED = "4005550000000001", "4557012345678902", "4000000000000002"


@dataclass(frozen=True)
class Heard:
    """One notice as it reached the shop."""

    path: str
    content_type: str
    fields: dict[str, str]


@dataclass
class Shop:
    """The merchant's side: keeps what it hears, answers with the statuses it was given."""

    url: str = ""
    heard: "queue.Queue[Heard]" = field(default_factory=queue.Queue)
    statuses: list[int] = field(default_factory=list)

    def next(self) -> Heard:
        return self.heard.get(timeout=WAIT_S)

    def status(self) -> int:
        return self.statuses.pop(0) if self.statuses else 200


@pytest.fixture
def shop() -> Iterator[Shop]:
    kept = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            kind = self.headers["Content-Type"]
            fields = json.loads(body) if "json" in kind else dict(parse_qsl(body))
            self.send_response(kept.status())
            self.send_header("Content-Length", "0")
            self.end_headers()
            kept.heard.put(Heard(self.path, kind, fields))

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join(WAIT_S)


@pytest.fixture
def start_gateway(shop: Shop) -> Iterator[Callable[..., "Payer"]]:
    """Start a gateway with options of one's own; `payer` is the plain one."""
    started: list[SandboxGateway] = []

    def start(**options: Any) -> Payer:
        given = {"port": 0, "notice_base": shop.url, "retry_interval_s": 0.05, **options}
        gateway = SandboxGateway(Options(**given)).start()
        started.append(gateway)
        return Payer(gateway, shop)

    yield start
    for gateway in started:
        gateway.stop()


@pytest.fixture
def payer(start_gateway: Callable[..., "Payer"]) -> "Payer":
    return start_gateway()


class Payer:
    """A browser without JavaScript, and the shop's server calls, for one gateway."""

    def __init__(self, gateway: SandboxGateway, shop: Shop) -> None:
        self.gateway = gateway
        self.shop = shop
        self.url = f"http://127.0.0.1:{gateway.url.rsplit(':', 1)[1]}"

    def request(self, reference: str = "RC-1", **changes: str) -> dict[str, str]:
        fields = {
            "command": "PURCHASE",
            "access_code": DEMO_MERCHANT.access_code,
            "merchant_identifier": DEMO_MERCHANT.merchant_identifier,
            "merchant_reference": reference,
            "amount": "10000",
            "currency": "USD",
            "language": "en",
            "customer_email": "owner@demo.test",
            "return_url": f"{self.shop.url}/pay/1/return",
            **changes,
        }
        return signed({name: text for name, text in fields.items() if text})

    def open(self, reference: str = "RC-1", **changes: str) -> requests.Response:
        return self.post("/FortAPI/paymentPage", self.request(reference, **changes))

    def post(self, path: str, fields: dict[str, str]) -> requests.Response:
        return requests.post(f"{self.url}{path}", data=fields, timeout=WAIT_S)

    def pay(
        self, page: requests.Response, number: str = APPROVED, **changes: str
    ) -> requests.Response:
        card = {
            "card_number": number,
            "expiry_date": "05/30",
            "card_security_code": "123",
            **changes,
        }
        return requests.post(f"{page_address(page)}/pay", data=card, timeout=WAIT_S)

    def api(self, **fields: object) -> requests.Response:
        common = {
            "access_code": DEMO_MERCHANT.access_code,
            "merchant_identifier": DEMO_MERCHANT.merchant_identifier,
            "language": "en",
        }
        body = signed({**common, **fields})
        return requests.post(f"{self.url}/FortAPI/paymentApi", json=body, timeout=WAIT_S)

    def check_status(self, reference: str = "RC-1") -> dict[str, str]:
        answer = self.api(query_command="CHECK_STATUS", merchant_reference=reference)
        told: dict[str, str] = answer.json()
        return told

    def script(self, reference: str = "RC-1", **settings: object) -> requests.Response:
        return self.control("/_script", merchant_reference=reference, **settings)

    def control(self, path: str, **given: object) -> requests.Response:
        return requests.post(f"{self.url}{path}", json=given, timeout=WAIT_S)

    def log(self, reference: str = "RC-1") -> list[str]:
        address = f"{self.url}/_log.json?merchant_reference={reference}"
        events = requests.get(address, timeout=WAIT_S).json()
        return [event["kind"] for event in reversed(events)]


def signed(fields: dict[str, object]) -> dict[str, str]:
    signature = sign(fields, phrase=DEMO_MERCHANT.request_phrase, sha_type="SHA-256")
    return {**fields, "signature": signature}  # type: ignore[dict-item]


def is_from_gateway(fields: dict[str, str]) -> bool:
    return is_signed(fields, phrase=DEMO_MERCHANT.response_phrase, sha_type="SHA-256")


def page_address(page: requests.Response) -> str:
    """The address of the order's page, whichever of its steps the browser stands on."""
    found = re.match(r"http://[^/]+/FortAPI/page/[^/?]+", page.url)
    assert found is not None, page.url
    return found[0]


def returned_fields(page: requests.Response) -> dict[str, str]:
    """What the return form on this page would carry to the shop."""
    inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
    return {name: unescape(text) for name, text in inputs}
