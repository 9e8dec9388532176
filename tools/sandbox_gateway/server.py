"""The HTTP side: which path reaches which step, and what goes back."""

import json
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tools.sandbox_gateway import control, hosted
from tools.sandbox_gateway.answers import Answer, as_json, as_text
from tools.sandbox_gateway.api import answer as api_answer
from tools.sandbox_gateway.desk import Desk
from tools.sandbox_gateway.merchants import Options
from tools.sandbox_gateway.notices import Courier
from tools.sandbox_gateway.store import Store

BODY_LIMIT = 256 * 1024
STOP_POLL_S = 0.05


class SandboxGateway:
    """A running gateway. Use it as a context manager, or `start` and `stop` it."""

    def __init__(self, options: Options) -> None:
        self.store = Store(options.database)
        self.courier = Courier(self.store, options)
        self.desk = Desk(self.store, self.courier, options)
        self.stopping = threading.Event()
        self._server = _Server((options.host, options.port), Handler)
        self._server.gateway = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_S,), daemon=True
        )

    @property
    def url(self) -> str:
        """The origin as merchants address it: another site than 127.0.0.1 to a browser."""
        return f"http://localhost:{self._server.server_port}"

    def start(self) -> "SandboxGateway":
        self.courier.start()
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self.courier.stop()
        self.store.close()

    def __enter__(self) -> "SandboxGateway":
        return self.start()

    def __exit__(self, *_failure: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    gateway: SandboxGateway

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up early is no failure of ours; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One request. A scripted failure comes before anything is looked at."""

    protocol_version = "HTTP/1.1"
    server_version = "SandboxGateway"
    timeout = 60
    server: _Server

    def do_GET(self) -> None:
        path, query = self._target()
        if path == "/healthz":
            self._send(as_json({"ok": True}))
        elif path.startswith("/assets/"):
            self._send(hosted.asset(path.removeprefix("/assets/")))
        elif path.startswith("/FortAPI/page/"):
            self._send(hosted.show(self.desk, path, query))
        else:
            self._send(control.show(self.desk, path, query))

    def do_POST(self) -> None:
        path, _query = self._target()
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_LIMIT:
            self.close_connection = True
            self._send(
                as_text("body missing or too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            )
            return
        body = self.rfile.read(int(length))
        if path == "/FortAPI/paymentApi":
            self._answer_api(body)
        elif path == "/FortAPI/paymentPage":
            self._open_page(body)
        elif path.startswith("/FortAPI/page/"):
            self._send(hosted.act(self.desk, path, _form(body) or {}))
        else:
            self._send(control.act(self.desk, path, body))

    @property
    def desk(self) -> Desk:
        return self.server.gateway.desk

    def log_message(self, *_arguments: Any) -> None:
        """Keep standard error quiet: the log page says what happened."""

    def _target(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        return parts.path, dict(parse_qsl(parts.query))

    def _open_page(self, body: bytes) -> None:
        fields = _form(body)
        if fields is None:
            self._send(hosted.refuse("00073", {}))
            return
        if not self._failed_on_purpose(fields, "page"):
            self._send(hosted.open_page(self.desk, fields))

    def _answer_api(self, body: bytes) -> None:
        fields = _json_fields(body)
        if fields is None:
            self._send(as_json({"status": "00", "response_code": "00073"}))
            return
        if not self._failed_on_purpose(fields, "api"):
            self._send(as_json(api_answer(self.desk, fields)))

    def _failed_on_purpose(self, fields: dict[str, str], channel: str) -> bool:
        reference = fields.get("merchant_reference", "")
        script = self.desk.script_for(reference)
        self.server.gateway.stopping.wait(getattr(script, f"{channel}_delay_s"))
        status = self.desk.take_failure(reference, f"{channel}_failures")
        if status is None:
            return False
        if status:
            self._send(as_text("failed on purpose", status))
        self.close_connection = True
        return True

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", CONTENT_POLICY)
        if answer.location:
            self.send_header("Location", answer.location)
        if not answer.content_type.startswith(("text/css", "image/", "text/javascript")):
            self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(answer.body)


CONTENT_POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'"


def _form(body: bytes) -> dict[str, str] | None:
    """Read a form; a repeated name or bad encoding makes it unreadable."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
        )
    except (UnicodeDecodeError, ValueError):
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def _json_fields(body: bytes) -> dict[str, str] | None:
    try:
        given = json.loads(body)
    except ValueError:
        return None
    if not isinstance(given, dict):
        return None
    is_flat = all(isinstance(value, str | int) for value in given.values())
    return {name: str(value) for name, value in given.items()} if is_flat else None
