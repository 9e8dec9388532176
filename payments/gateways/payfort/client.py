"""The server-side call to PayFort: one POST, bounded in time, size and destination."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from payments.gateways.base import GatewayUnreachable

# From the first byte sent to the last one read: a gateway that trickles frees us too.
DEADLINE_S: Final = 10.0
MAX_ANSWER_BYTES: Final = 256 * 1024
_CHUNK_BYTES: Final = 8 * 1024

# The hosted page and the server API live on different hosts of the same gateway.
_API_HOSTS: Final = {
    "https://checkout.payfort.com": "https://paymentservices.payfort.com",
    "https://sbcheckout.payfort.com": "https://sbpaymentservices.payfort.com",
}
_API_PATH: Final = "/FortAPI/paymentApi"


def is_allowed(url: str) -> bool:
    """Whether money may cross our border to this address: its origin is configured."""
    return origin_of(url) in settings.PAYMENT_GATEWAY_HOSTS


def origin_of(url: str) -> str:
    """Scheme and host as `PAYMENT_GATEWAY_HOSTS` lists them; empty for anything odd."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        return ""
    host = parts.hostname if port is None else f"{parts.hostname}:{port}"
    return f"{parts.scheme}://{host}"


def api_url(address: str) -> str:
    """Where the server API of the hosted page at `address` listens."""
    origin = origin_of(address)
    return _API_HOSTS.get(origin, origin) + _API_PATH


def post(address: str, message: Mapping[str, str]) -> bytes:
    """Post a signed message to the API that belongs to `address`; return the raw answer.

    Raises `GatewayUnreachable` for everything that is not an answer in time: refused,
    reset, redirected, not 200, too long, too slow.
    """
    if not is_allowed(address):
        raise GatewayUnreachable("the channel's address is not a configured gateway host")
    try:
        with _session_within(DEADLINE_S) as session:
            return _read(session, api_url(address), message)
    except (requests.RequestException, OSError, ValueError) as failure:
        raise GatewayUnreachable(type(failure).__name__) from failure


def _read(session: requests.Session, url: str, message: Mapping[str, str]) -> bytes:
    response = session.post(
        url,
        data=json.dumps(dict(message)).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
        timeout=DEADLINE_S,
        allow_redirects=False,
        stream=True,
    )
    with response:
        if response.status_code != requests.codes.ok:
            raise GatewayUnreachable(f"HTTP {response.status_code}")
        answer = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            answer += chunk
            if len(answer) > MAX_ANSWER_BYTES:
                raise GatewayUnreachable("the answer is too long")
        return bytes(answer)


@contextmanager
def _session_within(seconds: float) -> Iterator[requests.Session]:
    """A session whose connection is cut off when the time is up.

    The timeout of `requests` starts anew with every byte received, so a gateway that
    trickles would hold us for hours; shutting the socket down ends any wait on it.
    """
    cut = _Cut()
    timer = threading.Timer(seconds, cut.now)
    timer.daemon = True
    timer.start()
    with requests.Session() as session:
        # Only the configured host is asked, whatever proxies the environment names.
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, _CuttableAdapter(cut))
        try:
            yield session
        finally:
            timer.cancel()
            cut.close()
    # What was cut off may look whole: a head without its end, a body without a length.
    if cut.has_cut:
        raise GatewayUnreachable("the answer is too slow")


class _Cut:
    """Second handles of the sockets in use: TLS takes over the first ones."""

    def __init__(self) -> None:
        self._handles: list[socket.socket] = []
        self._lock = threading.Lock()
        self.has_cut = False

    def watch(self, connection: socket.socket) -> None:
        with self._lock:
            self._handles.append(connection.dup())

    def now(self) -> None:
        with self._lock:
            self.has_cut = True
            for handle in self._handles:
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            for handle in self._handles:
                handle.close()
            self._handles.clear()


class _CuttableAdapter(HTTPAdapter):
    def __init__(self, cut: _Cut) -> None:
        self.cut = cut
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        cut = self.cut

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                connection = super()._new_conn()
                cut.watch(connection)
                return connection

        class Tls(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                connection = super()._new_conn()
                cut.watch(connection)
                return connection

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class TlsPool(HTTPSConnectionPool):
            ConnectionCls = Tls

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}
