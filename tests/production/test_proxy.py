"""The reverse proxy's configuration, run by a real nginx where there is one.

The template is used as it stands; only what names other containers is changed: addresses,
ports and the places of the certificate.
"""

import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from tests.production.served import Web, eventually, free_port

TEMPLATE = Path(__file__).resolve().parents[2] / "ops" / "proxy" / "default.conf.template"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OPENSSL = shutil.which("openssl")
NAME = "billing.example.com"

pytestmark = pytest.mark.skipif(
    NGINX is None or OPENSSL is None, reason="needs nginx and openssl on this machine"
)
FRAME = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  include {folder}/default.conf;
}}
"""


@dataclass
class Proxy:
    """nginx in front of the web process, on ports of this machine."""

    plain: int
    tls: int

    def get(
        self, path: str, *, host: str = NAME, **headers: str
    ) -> tuple[HTTPResponse, str]:
        line = HTTPSConnection("127.0.0.1", self.tls, timeout=30, context=trusting())
        return send(line, "GET", path, {"Host": host, **headers})

    def post(self, path: str, body: bytes) -> tuple[HTTPResponse, str]:
        line = HTTPSConnection("127.0.0.1", self.tls, timeout=30, context=trusting())
        return send(line, "POST", path, {"Host": NAME}, body)

    def get_plain(self, path: str, host: str = NAME) -> tuple[HTTPResponse, str]:
        line = HTTPConnection("127.0.0.1", self.plain, timeout=30)
        return send(line, "GET", path, {"Host": host})


class NamedContext(ssl.SSLContext):
    """Trusts our own certificate and names our host in the handshake."""

    def wrap_socket(self, *args: Any, **given: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **{**given, "server_hostname": NAME})


def trusting() -> ssl.SSLContext:
    context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def send(
    line: HTTPConnection,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes | None = None,
) -> tuple[HTTPResponse, str]:
    try:
        line.request(method, path, body, headers)
        response = line.getresponse()
        return response, response.read().decode()
    finally:
        line.close()


@pytest.fixture
def proxy(web: Web, tmp_path: Path) -> Iterator[Proxy]:
    found = Proxy(free_port(), free_port())
    folder = tmp_path / "nginx"
    folder.mkdir()
    make_certificate(folder)
    text = TEMPLATE.read_text().replace("${SERVER_NAME}", NAME)
    for there, here in {
        "server web:8000": f"server {web.address}",
        "/run/secrets/tls_certificate": f"{folder}/certificate",
        "/run/secrets/tls_key": f"{folder}/key",
        "/dev/stderr": f"{folder}/error.log",
        "listen 8080": f"listen 127.0.0.1:{found.plain}",
        "listen 8443": f"listen 127.0.0.1:{found.tls}",
    }.items():
        assert there in text
        text = text.replace(there, here)
    if version() < (1, 25, 1):
        text = text.replace("http2 on;", "")
    (folder / "default.conf").write_text(text)
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder))
    argv = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*argv, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
        eventually(lambda: answers(found), "the proxy answers")
        yield found
        process.terminate()


def answers(proxy: Proxy) -> bool:
    try:
        return proxy.get_plain("/")[0].status == 308
    except OSError:
        return False


def make_certificate(folder: Path) -> None:
    argv = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    argv += [
        "-subj",
        f"/CN={NAME}",
        "-keyout",
        f"{folder}/key",
        "-out",
        f"{folder}/certificate",
    ]
    subprocess.run([str(OPENSSL), *argv], check=True, capture_output=True)


def version() -> tuple[int, ...]:
    done = subprocess.run([str(NGINX), "-v"], capture_output=True, text=True, check=True)
    found = re.search(r"/([\d.]+)", done.stderr)
    assert found
    return tuple(int(part) for part in found[1].split("."))


def test_the_proxy_is_the_only_word_the_web_believes(proxy: Proxy, web: Web) -> None:
    """F65: what a client says about address, scheme, host and id is replaced."""
    lies = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.test",
        "X-Request-ID": "chosen-by-the-client",
    }

    page, text = proxy.get("/accounts/login/", **lies)

    assert page.status == 200
    assert "csrfmiddlewaretoken" in text
    assert page.getheader("Strict-Transport-Security") is not None
    request_id = page.getheader("X-Request-ID") or ""
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)
    (line,) = [it for it in web.program.lines if it.get("request_id") == request_id]
    assert line["address"] == "127.0.0.1"
    assert "6.6.6.6" not in web.program.written


def test_the_proxy_lets_in_what_is_ours_and_no_more(proxy: Proxy) -> None:
    """TLS only, our name only, no metrics, no large bodies; log-ins are slowed down."""
    plain = proxy.get_plain("/accounts/login/?next=/x")[0]
    assert (plain.status, plain.getheader("Location")) == (
        308,
        f"https://{NAME}/accounts/login/?next=/x",
    )
    with pytest.raises(ConnectionError):
        proxy.get_plain("/", host="evil.test")
    assert proxy.get("/metrics")[0].status == 404
    assert proxy.get("/healthz")[0].status == 200
    assert proxy.post("/accounts/login/", b"x" * 1_048_577)[0].status == 413
    statuses = [proxy.get("/accounts/login/")[0].status for _ in range(40)]
    assert statuses[:5] == [200] * 5
    assert 429 in statuses
