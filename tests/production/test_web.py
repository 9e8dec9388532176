"""The portals as production serves them: over HTTPS only, behind one proxy.

Each test starts real web processes, so each asks about as much as belongs together.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from django.urls import reverse

from tests.databases import Database
from tests.production.served import PASSWORD, ROOT, Web, free_port, log_in

HSTS = "max-age=31536000; includeSubDomains; preload"


def test_pages_come_over_https_with_cookies_that_stay_there(
    web: Web, alice_email: str
) -> None:
    """F66: HSTS; every cookie Secure, HttpOnly, SameSite and bound to our host."""
    plain = web.browser(proxied=False).get("/accounts/login/")
    browser = web.browser()

    assert (plain.status, plain.location) == (
        301,
        "https://billing.example.com/accounts/login/",
    )
    assert log_in(browser, alice_email) == "/"
    page = browser.get("/accounts/security/")
    assert page.status == 200
    assert page.headers["Strict-Transport-Security"] == HSTS
    changed = browser.post(
        reverse("choose-language"), {"language": "ar", "csrfmiddlewaretoken": page.token}
    )
    assert changed.status == 302, changed.text
    cookies = changed.headers.get_all("Set-Cookie") or []
    assert {"__Host-sessionid", "__Host-csrftoken", "__Host-language"} <= set(
        browser.cookies
    )
    for cookie in cookies:
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


def test_staff_are_led_to_the_second_factor(web: Web, sam_email: str) -> None:
    """F72: required unless the environment says otherwise."""
    browser = web.browser()
    log_in(browser, sam_email)

    assert browser.get("/admin/").location == "/accounts/2fa/totp/activate/"


def test_what_the_proxy_did_not_say_is_not_believed(web: Web) -> None:
    """F65: foreign hosts, schemes and request shapes; one answer for one request."""
    browser = web.browser()
    shapes = {
        "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
        "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "odd chunks": b"Transfer-Encoding: xchunked\r\n",
        "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "signed length": b"Content-Length: +5\r\n",
        "space before colon": b"Content-Length : 5\r\n",
        "folded line": b"X-Long: a\r\n b\r\n",
    }
    start = b"POST /accounts/login/ HTTP/1.1\r\nHost: billing.example.com\r\n"
    smuggled = b"\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: billing.example.com\r\n\r\n"

    assert browser.get("/accounts/login/", Host="evil.test").status == 400
    assert (
        browser.get("/", **{"X-Forwarded-Host": "evil.test"}).location == "/accounts/login/"
    )
    for name, lines in shapes.items():
        answers = web.raw(start + lines + smuggled)
        assert answers.count(b"HTTP/1.1 ") == 1, name
        assert answers.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501")), name


def test_health_and_metrics_are_asked_from_inside(
    web: Web, production: dict[str, str], committed_db: Database
) -> None:
    """Past the proxy, without TLS; metrics with their token only."""
    inside = web.browser(proxied=False)
    right = {"Authorization": f"Bearer {production['METRICS_TOKEN']}"}

    health = inside.get("/healthz")
    metrics = inside.get("/metrics", **right).text

    assert health.status == 200
    assert re.fullmatch(
        r'\{"ok": true, "database": true, "broker": true, "oldest_due_s": \d+\}',
        health.text,
    )
    assert inside.get("/metrics").status == 404
    assert inside.get("/metrics", Authorization="Bearer wrong").status == 404
    assert alive("web", production) == 0
    assert alive("web", production | {"BIND": f"127.0.0.1:{free_port()}"}) == 1
    assert "cmp_gauges_failed 0.0" in metrics
    assert 'django_http_responses_total_by_status_total{status="200"}' in metrics


def test_every_line_is_json_with_the_id_of_its_request(web: Web, alice_email: str) -> None:
    """One line for each request, and gunicorn's own; no e-mail, no path, no secret."""
    browser = web.browser()
    given = "0123456789abcdef0123456789abcdef"
    answer = browser.get("/accounts/login/?next=/secret-path", **{"X-Request-ID": given})
    log_in(browser, alice_email)

    lines = web.program.lines
    (line,) = [line for line in lines if line.get("request_id") == given]
    assert answer.headers["X-Request-ID"] == given
    assert {
        key: line[key] for key in ("event", "method", "route", "status", "address")
    } == {
        "event": "request.finished",
        "method": "GET",
        "route": "accounts/login/",
        "status": 200,
        "address": "203.0.113.7",
    }
    assert {entry["logger"] for entry in lines} >= {"gunicorn.error", "cmp.requests"}
    for secret in (
        PASSWORD,
        alice_email,
        "secret-path",
        browser.cookies["__Host-sessionid"],
    ):
        assert secret not in web.program.written


def test_a_file_is_a_sign_of_life_while_it_is_fresh(tmp_path: Path) -> None:
    """What the health checks of worker and beat ask."""
    fresh, old = tmp_path / "fresh", tmp_path / "old"
    for file in (fresh, old):
        file.touch()
    os.utime(old, (0, 0))

    assert alive(f"file {fresh} 60", {}) == 0
    assert alive(f"file {old} 60", {}) == 1
    assert alive(f"file {tmp_path}/none 60", {}) == 1
    assert alive("nonsense", {}) == 2


def alive(words: str, environment: dict[str, str]) -> int:
    """The exit status of a container's health check."""
    argv = [sys.executable, "ops/alive.py", *words.split()]
    return subprocess.run(argv, cwd=ROOT, env=environment, check=False).returncode
