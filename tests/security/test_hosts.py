"""F65: what a request says about its host and origin is believed only where it is known."""

import pytest
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from accounts.models import AuditEntry, User
from cmp.middleware import client_address, request_id_of
from tests.security.conftest import LogIn

FOREIGN = [
    "evil.test",
    "testserver.evil.test",
    "testserver@evil.test",
    "testserver:80:80",
    "",
]


@pytest.mark.django_db
@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused_with_a_page_of_ours(client: Client, host: str) -> None:
    answer = client.get(reverse("account_login"), HTTP_HOST=host)

    assert answer.status_code == 400
    assert "This request cannot be answered" in answer.content.decode()


@pytest.mark.django_db
def test_a_forwarded_host_is_not_believed(client: Client) -> None:
    answer = client.get(reverse("view-security"), HTTP_X_FORWARDED_HOST="evil.test")

    assert answer.headers["Location"].startswith("/accounts/login/")


def test_the_link_in_a_reset_mail_names_the_configured_host(
    client: Client, alice_with_password: User, settings: Settings
) -> None:
    """A mail asked for under another of our names must not lead there."""
    settings.PUBLIC_URL = "https://billing.example.com"
    form = {"email": alice_with_password.email}

    client.post(reverse("account_reset_password"), form, HTTP_HOST="localhost")

    (message,) = mail.outbox
    assert "https://billing.example.com/accounts/password/reset/key/" in message.body
    assert "localhost" not in message.body


def test_the_link_in_a_reset_mail_sets_a_new_password(
    client: Client, alice_with_password: User, settings: Settings, log_in: LogIn
) -> None:
    """The other half: our own way to build the link must lead somewhere."""
    client.post(reverse("account_reset_password"), {"email": alice_with_password.email})
    link = next(word for word in mail.outbox[0].body.split() if "/reset/key/" in word)
    path = link.removeprefix(settings.PUBLIC_URL)
    form = {"password1": "a-new-long-one-9", "password2": "a-new-long-one-9"}

    there = client.get(path).headers["Location"]
    client.post(there, form)

    assert (
        log_in(Client(), alice_with_password.email, "a-new-long-one-9").status_code == 302
    )


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.7", "10.0.0.2"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.3", "203.0.113.7"),
        (1, "", "10.0.0.2"),
        (1, "not-an-address", None),
        (1, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_client_address_is_what_the_trusted_proxy_saw(
    rf: RequestFactory,
    settings: Settings,
    proxies: int,
    forwarded: str,
    expected: str | None,
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    request = rf.get("/", REMOTE_ADDR="10.0.0.2", HTTP_X_FORWARDED_FOR=forwarded)

    assert client_address(request) == expected


def test_an_invented_address_neither_fools_the_audit_log_nor_the_limits(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    """F62: a new X-Forwarded-For with each guess is still one network."""
    statuses = [
        log_in(client, f"p{n}@example.test", "wrong", HTTP_X_FORWARDED_FOR=f"6.6.6.{n}")
        for n in range(21)
    ]

    assert [answer.status_code for answer in statuses] == [200] * 20 + [429]
    assert {entry.origin for entry in AuditEntry.objects.all()} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("proxies", "given", "is_kept"),
    [
        (1, "0123456789abcdef", True),
        (0, "0123456789abcdef", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, 'a"}\n{"level":"forged', False),
    ],
)
def test_a_request_id_is_taken_from_our_proxy_only(
    rf: RequestFactory, settings: Settings, proxies: int, given: str, is_kept: bool
) -> None:
    """A client that chose its id could forge lines or hide among another's."""
    settings.TRUSTED_PROXY_COUNT = proxies
    request = rf.get("/", HTTP_X_REQUEST_ID=given)

    assert (request_id_of(request) == given) is is_kept
