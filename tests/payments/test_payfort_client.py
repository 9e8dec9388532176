"""The status query: bounded in time, size and destination (F31, F33, F60)."""

import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from payments.gateways.base import Credentials, GatewayUnreachable
from payments.gateways.payfort import client
from payments.gateways.payfort.gateway import PayFortGateway
from tests.payments import gateway_fake
from tests.payments.gateway_fake import FakeGateway, running_gateway

Asked = dict[str, str]
GATEWAY = PayFortGateway()


@pytest.fixture
def fake(settings: Any) -> Iterator[FakeGateway]:
    with running_gateway() as gateway:
        settings.PAYMENT_GATEWAY_HOSTS = [gateway.origin]
        yield gateway


def _credentials(fake: FakeGateway) -> Credentials:
    return Credentials(
        address=f"{fake.origin}/FortAPI/paymentPage",
        access_code=gateway_fake.ACCESS_CODE,
        merchant_identifier=gateway_fake.MERCHANT,
        sha_type="SHA-256",
        request_phrase=gateway_fake.REQUEST_PHRASE,
        response_phrase=gateway_fake.RESPONSE_PHRASE,
    )


def test_asks_signed_and_returns_the_answer_raw(fake: FakeGateway) -> None:
    fake.paid("R-1", amount="1999", fort_id="7")

    answer = GATEWAY.ask_status(_credentials(fake), reference="R-1")

    assert json.loads(answer)["transaction_code"] == "14000"
    assert fake.asked == ["R-1"]


def _status_500(handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
    gateway_fake.reply(handler, b"{}", 500)


def _status_502(handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
    gateway_fake.reply(handler, b"<html>", 502)


def _redirect(handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
    handler.send_response(302)
    handler.send_header("Location", "http://127.0.0.1:1/elsewhere")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _reset(handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def _ten_megabytes(handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
    gateway_fake.reply(handler, b"x" * 10_000_000)


def _broken_length(handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{}")
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "fault", [_status_500, _status_502, _redirect, _reset, _ten_megabytes, _broken_length]
)
def test_anything_but_an_answer_is_unreachable(fake: FakeGateway, fault: Any) -> None:
    fake.misbehave = fault

    with pytest.raises(GatewayUnreachable):
        GATEWAY.ask_status(_credentials(fake), reference="R-1")

    assert fake.asked == ["R-1"]


def _trickling_body(handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    _trickle(handler)


def _trickling_head(handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _trickle(handler)


def _trickle(handler: BaseHTTPRequestHandler) -> None:
    try:
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)  # the fault itself: a byte now and then
    except OSError:
        return


@pytest.mark.parametrize("fault", [_trickling_head, _trickling_body])
def test_a_gateway_that_trickles_is_cut_off_at_the_deadline(
    fake: FakeGateway, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "DEADLINE_S", 0.4)
    fake.misbehave = fault
    begun = time.monotonic()

    with pytest.raises(GatewayUnreachable):
        GATEWAY.ask_status(_credentials(fake), reference="R-1")

    assert time.monotonic() - begun < 2


def test_the_deadline_is_ten_seconds() -> None:
    assert client.DEADLINE_S == 10


def test_a_host_that_is_not_configured_is_never_called(
    fake: FakeGateway, settings: Any
) -> None:
    settings.PAYMENT_GATEWAY_HOSTS = ["http://localhost:1"]

    with pytest.raises(GatewayUnreachable, match="not a configured"):
        GATEWAY.ask_status(_credentials(fake), reference="R-1")

    assert fake.asked == []


def test_nobody_listening_is_unreachable(settings: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{closed.getsockname()[1]}"
    settings.PAYMENT_GATEWAY_HOSTS = [origin]

    with pytest.raises(GatewayUnreachable):
        client.post(f"{origin}/FortAPI/paymentPage", {"a": "b"})


@pytest.mark.parametrize(
    ("page", "api"),
    [
        ("https://checkout.payfort.com", "https://paymentservices.payfort.com"),
        ("https://sbcheckout.payfort.com", "https://sbpaymentservices.payfort.com"),
    ],
)
def test_the_official_pages_have_their_api_on_another_host(page: str, api: str) -> None:
    assert client.api_url(f"{page}/FortAPI/paymentPage") == f"{api}/FortAPI/paymentApi"
