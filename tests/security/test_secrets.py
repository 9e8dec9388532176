"""F67: what must stay secret stands in no log line, page, mail or audit entry."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.decorators import public_view
from accounts.models import AuditEntry, User
from cmp.logs import JsonLines
from cmp.redaction import redact
from cmp.urls import urlpatterns as cmp_urls
from tests.security.conftest import PASSWORD, LogIn

SESSION = "k3zj0q5v9w1x7y2u4t6s8r0p5n3m1l9a"
FERNET = "gAAAAABnQ2Y3v0r6c3k1Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZmdoaWo="
HEX = "5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail to alice@acme.example.com failed", "mail to [e-mail] failed"),
        ("alice+tag@localhost", "[e-mail]"),
        ("card 4005550000000001 declined", "card [card] declined"),
        ("card 5123 4567 8901 2346", "card [card]"),
        ("card 5123-4567-8901-2346.", "card [card]."),
        ("postgres://cmp_app:hunter2@db/cmp", "postgres://[hidden]@db/cmp"),
        ("Authorization: Bearer abcdef123", "Authorization: [hidden] [hidden]"),
        ("with Bearer abcdef123", "with Bearer [hidden]"),
        ("password=hunter2 user=4", "password=[hidden] user=4"),
        ("{'password': 'hunter2', 'user': 4}", "{'password': [hidden], 'user': 4}"),
        ('{"sha_request_phrase": "a b c"}', '{"sha_request_phrase": [hidden]}'),
        ("signature=0a1b2c&amount=100", "signature=[hidden]&amount=100"),
        ("card_security_code=123&x=1", "card_security_code=[hidden]&x=1"),
        (
            "GET /accounts/password/reset/key/3-cz1abc-0f/",
            "GET /accounts/password/reset/key/[hidden]/",
        ),
        (f"session {SESSION} ended", "session [token] ended"),
        (f"cipher {FERNET}", "cipher [token]"),
        (f"expected {HEX}", "expected [token]"),
    ],
)
def test_secrets_are_taken_out_of_lines(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "recharge.credited recharge=81 amount=12.345678 USD",
        "order OR-1200 of tenant acme-cloud, 2026-11-22T10:00:00+00:00",
        "task 0b0f8a52-6e7b-4c6f-9d1e-2f3a4b5c6d7e succeeded in 0.0123s",
        "constraint transaction_source_version_is_used_once refused",
        "File cmp/lib/jobs/runs.py, line 33, in record_run",
        "10.0.0.7 2001:db8::7",
        "lag_s=4005550000000002",
    ],
)
def test_lines_that_say_nothing_secret_stay_as_they_are(text: str) -> None:
    """A redaction that hides ids would make logs useless."""
    assert redact(text) == text


def test_the_secrets_of_this_deployment_are_hidden_wherever_they_stand(
    settings: Settings,
) -> None:
    for secret in (settings.SECRET_KEY, *settings.ENCRYPTION_KEYS):
        assert redact(f"<<{secret}>>") == "<<[hidden]>>"


@given(st.text(max_size=200))
def test_redaction_takes_any_text_and_leaves_no_address(text: str) -> None:
    assert not re.search(r"[A-Za-z]@[A-Za-z]", redact(text + " a@b "))


class Log:
    """What was logged in the JSON format, at every level, since the test began."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    stream = io.StringIO()
    out = logging.StreamHandler(stream)
    out.setFormatter(JsonLines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(out)
    root.setLevel(logging.DEBUG)
    yield Log(stream)
    root.removeHandler(out)
    root.setLevel(before)


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError(f"no way to read {request.GET['card']} of {request.GET['email']}")


urlpatterns = [path("broken", public_view("a bug of ours")(broken)), *cmp_urls]
handler500 = "cmp.errors.server_error"

CARD = "4005550000000001"
NEW_PASSWORD = "canary-new-pass-9000"
WRONG_PASSWORD = "canary-wrong-pass-1"


def test_a_day_of_log_ins_and_failures_leaves_no_secret_behind(
    log: Log, alice_with_password: User, log_in: LogIn, settings: Settings
) -> None:
    """Canaries for each kind of secret; afterwards everything kept is searched for them."""
    settings.METRICS_TOKEN = "canary-metrics-token-0123456789abcdef"
    browser = Client(raise_request_exception=False)
    pages: list[str] = []

    def keep(answer: Any) -> str:
        pages.append(answer.content.decode())
        return pages[-1]

    keep(log_in(browser, alice_with_password.email, WRONG_PASSWORD))
    log_in(browser, alice_with_password.email)
    session_key = str(browser.session.session_key)
    keep(browser.get(reverse("view-security")))
    csrf = browser.cookies["csrftoken"].value
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    set_up = browser.get(reverse("mfa_activate_totp")).content.decode()
    seed = re.findall(r'<bdi dir="ltr">([A-Z2-7]{32})</bdi>', set_up)[0]
    keep(
        browser.get(
            "/metrics", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"}
        )
    )
    with override_settings(ROOT_URLCONF=__name__):
        keep(browser.get("/broken", {"card": CARD, "email": "canary@acme.test"}))
    Client().post(reverse("account_reset_password"), {"email": alice_with_password.email})
    reset = next(word for word in mail.outbox[-1].body.split() if "/reset/key/" in word)
    there = browser.get(reset.removeprefix(settings.PUBLIC_URL)).headers["Location"]
    browser.post(there, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    kept = {
        "log": log.text,
        "pages": "".join(pages),
        "audit": json.dumps([str(vars(entry)) for entry in AuditEntry.objects.all()]),
    }
    canaries = {
        "password": PASSWORD,
        "wrong password": WRONG_PASSWORD,
        "new password": NEW_PASSWORD,
        "session": session_key,
        "csrf cookie": csrf,
        "seed": seed,
        "reset key": reset.rstrip("/").rpartition("/")[2],
        "metrics token": settings.METRICS_TOKEN,
        "secret key": settings.SECRET_KEY,
        "encryption key": settings.ENCRYPTION_KEYS[0],
        "card": CARD,
    }
    found = [
        (name, place)
        for name, secret in canaries.items()
        for place, text in kept.items()
        if secret in text
    ]
    assert found == []
    assert "@" not in log.text.replace("[e-mail]", "")
    assert "ValueError: no way to read [card] of [e-mail]" in log.text


def test_every_line_of_a_request_carries_its_id(log: Log, client: Client) -> None:
    answer = client.get("/no-such-page")

    ours = {"django.request", "cmp.requests"}
    ids = {line.get("request_id") for line in log.lines if line["logger"] in ours}
    assert ids == {answer.headers["X-Request-ID"]}
    finished = [line for line in log.lines if line["event"] == "request.finished"]
    assert [(line["status"], line["method"], line["route"]) for line in finished] == [
        (404, "GET", "")
    ]


def test_a_line_end_in_a_value_forges_no_second_line(log: Log, client: Client) -> None:
    client.get('/no%0A{"level":"forged"}')

    assert [line for line in log.lines if line["level"] == "forged"] == []


def test_objects_given_with_an_event_are_not_printed(log: Log, alice: User) -> None:
    logging.getLogger("cmp").info(
        "recharge.credited", extra={"recharge": 81, "user": alice}
    )

    (line,) = [line for line in log.lines if line["event"] == "recharge.credited"]
    assert (line["recharge"], "user" in line) == (81, False)
