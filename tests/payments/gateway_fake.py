"""A fake PayFort for tests: answers CHECK_STATUS on 127.0.0.1, signed, from a dict.

It signs with the product's own `signature`, which the published vectors hold; the
separate sandbox gateway, which has its own, is used by the browser tests.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from payments.gateways.payfort import signature

REQUEST_PHRASE = "request-phrase-of-tests"
RESPONSE_PHRASE = "response-phrase-of-tests"
ACCESS_CODE = "TESTACCESS"
MERCHANT = "TESTMERCHANT"

# What to answer instead of the truth: gets the handler and the request's fields.
Misbehaviour = Callable[[BaseHTTPRequestHandler, dict[str, str]], None]


class FakeGateway:
    """Knows payments by reference; `answer` can be replaced to misbehave."""

    def __init__(self) -> None:
        self.payments: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.misbehave: Misbehaviour | None = None
        self.origin = ""

    def paid(self, reference: str, *, amount: str, fort_id: str) -> None:
        self.payments[reference] = {
            "transaction_status": "14",
            "transaction_code": "14000",
            "transaction_message": "Success",
            "captured_amount": amount,
            "authorized_amount": amount,
            "refunded_amount": "0",
            "fort_id": fort_id,
        }

    def declined(self, reference: str, *, code: str = "13666") -> None:
        self.payments[reference] = {
            "transaction_status": code[:2],
            "transaction_code": code,
            "fort_id": "9",
        }

    def answer_to(self, asked: dict[str, str]) -> dict[str, str]:
        """The signed answer to a status query."""
        reference = asked["merchant_reference"]
        known = self.payments.get(reference)
        code = "12000" if known else "11036"
        fields = {
            "query_command": "CHECK_STATUS",
            "access_code": asked["access_code"],
            "merchant_identifier": asked["merchant_identifier"],
            "merchant_reference": reference,
            "language": "en",
            "status": code[:2],
            "response_code": code,
            "response_message": "Success" if known else "Order not found",
            **(known or {}),
        }
        return signed(fields)


def signed(
    fields: dict[str, str], *, phrase: str = RESPONSE_PHRASE, sha_type: str = "SHA-256"
) -> dict[str, str]:
    """The fields with the gateway's signature."""
    bare = {name: value for name, value in fields.items() if name != "signature"}
    return {**bare, "signature": signature.sign(bare, phrase=phrase, sha_type=sha_type)}


@contextmanager
def running_gateway() -> Iterator[FakeGateway]:
    """The fake behind a port of its own, until the block ends."""
    fake = FakeGateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            asked: dict[str, str] = json.loads(self.rfile.read(length))
            fake.asked.append(asked.get("merchant_reference", ""))
            if fake.misbehave:
                fake.misbehave(self, asked)
                return
            assert self.path == "/FortAPI/paymentApi"
            assert signature.verify(asked, phrase=REQUEST_PHRASE, sha_type="SHA-256")
            reply(self, json.dumps(fake.answer_to(asked)).encode())

        def log_message(self, *_line: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
