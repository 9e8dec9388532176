"""Programs of production under test, and a browser that behaves as behind the proxy."""

import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PATIENCE_S = 60
PASSWORD = "correct-horse-battery-staple"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until `holds`; a test that waits in vain says for what."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.02)


class Program:
    """A process started by its console script, and everything it wrote."""

    def __init__(
        self, name: str, argv: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name, self.log = name, log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [str(BIN / argv[0]), *argv[1:]],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def written(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it logged; raises if a line is not JSON."""
        return [json.loads(line) for line in self.written.splitlines()]

    def terminate(self) -> None:
        self.process.terminate()

    def status(self) -> int:
        """Its exit status, once it ended by itself."""
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def await_line(self, event: str) -> None:
        def is_there() -> bool:
            assert self.process.poll() is None or event in self.written, self.written
            return event in self.written

        eventually(is_there, f"{self.name} writes {event!r}")


@dataclass
class Answer:
    """What a browser sees of one answer."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def location(self) -> str:
        return self.headers["Location"] or ""

    @property
    def token(self) -> str:
        """The CSRF token in the page's first form."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.text)
        assert found, self.text
        return found[1]


@dataclass
class Browser:
    """Keeps cookies; what it sends has passed the proxy, which ended TLS."""

    address: str
    host: str
    proxied: bool = True
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self._send("GET", path, None, headers)

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        headers |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"https://{self.host}{path}",
        }
        return self._send("POST", path, urlencode(form), headers)

    def _send(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> Answer:
        sent = {"Host": self.host, **headers}
        if self.proxied:
            sent = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7", **sent}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={it}" for name, it in self.cookies.items())
        line = http.client.HTTPConnection(self.address, timeout=PATIENCE_S)
        try:
            line.request(method, path, body, sent)
            response = line.getresponse()
            answer = Answer(response.status, response.headers, response.read().decode())
        finally:
            line.close()
        for header in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return answer


@dataclass
class Web:
    """The web process under test."""

    program: Program
    address: str
    host: str

    def browser(self, **given: Any) -> Browser:
        return Browser(self.address, self.host, **given)

    def await_ready(self) -> None:
        def answers() -> bool:
            assert self.program.process.poll() is None, self.program.written
            try:
                return self.browser().get("/healthz").status == 200
            except OSError:
                return False

        eventually(answers, "the web process answers")

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are and return what comes until the line is closed."""
        host, _, port = self.address.partition(":")
        with socket.create_connection((host, int(port)), timeout=5) as line:
            line.sendall(request)
            line.shutdown(socket.SHUT_WR)
            parts = []
            while part := line.recv(65_536):
                parts.append(part)
        return b"".join(parts)


def log_in(browser: Browser, email: str) -> str:
    """Log in as a browser does; returns where that leads."""
    token = browser.get("/accounts/login/").token
    form = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    return browser.post("/accounts/login/", form).location
