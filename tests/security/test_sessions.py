"""TEN-14, F63: seeing where one is logged in, and ending that from elsewhere."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.devices import device_of
from accounts.models import AuditEntry, User
from tests.security.conftest import LogIn

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def phone(alice_with_password: User, log_in: LogIn) -> Client:
    phone = Client(HTTP_USER_AGENT=PHONE, REMOTE_ADDR="203.0.113.9")
    log_in(phone, alice_with_password.email)
    return phone


@pytest.fixture
def desk(phone: Client, alice_with_password: User, log_in: LogIn) -> Client:
    """The browser in front of Alice; her phone is logged in, too."""
    desk = Client(HTTP_USER_AGENT=FIREFOX)
    log_in(desk, alice_with_password.email)
    return desk


def is_logged_in(client: Client) -> bool:
    return client.get(reverse("view-security")).status_code == 200


def row_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=client.session.session_key)


def test_the_page_lists_each_session_with_device_and_address(desk: Client) -> None:
    page = desk.get(reverse("view-security")).content.decode()

    assert page.index("Firefox on Linux") < page.index("Safari on iPhone")
    assert "203.0.113.9" in page
    assert page.count("This session") == 1


def test_ending_one_session_logs_only_that_browser_out(desk: Client, phone: Client) -> None:
    key = phone.session.session_key

    answer = desk.post(reverse("end-session", args=[row_of(phone).pk]), follow=True)

    assert "Safari on iPhone is logged out." in answer.content.decode()
    assert not Session.objects.filter(session_key=key).exists()
    assert (is_logged_in(desk), is_logged_in(phone)) == (True, False)


def test_ending_all_sessions_logs_every_browser_out(desk: Client, phone: Client) -> None:
    answer = desk.post(reverse("end-all-sessions"))

    assert answer.headers["Location"] == reverse("account_login")
    assert (is_logged_in(desk), is_logged_in(phone)) == (False, False)
    assert not UserSession.objects.exists()


def test_the_sessions_of_others_are_neither_shown_nor_ended(
    desk: Client, sam_with_password: User, log_in: LogIn
) -> None:
    """F54: another person's session is as absent as one that never was."""
    sams = Client(REMOTE_ADDR="198.51.100.3")
    log_in(sams, sam_with_password.email)

    theirs = desk.post(reverse("end-session", args=[row_of(sams).pk]))
    absent = desk.post(reverse("end-session", args=[0]))

    assert (theirs.status_code, absent.status_code) == (404, 404)
    assert is_logged_in(sams)
    assert "198.51.100.3" not in desk.get(reverse("view-security")).content.decode()


@pytest.mark.parametrize("url", ["sessions/end-all", "sessions/1/end"])
def test_sessions_are_ended_by_forms_only(desk: Client, url: str) -> None:
    """F64: an address in a picture ends nothing."""
    assert desk.get(reverse("view-security") + url).status_code == 405
    assert is_logged_in(desk)


def test_ending_sessions_stands_in_the_audit_log(desk: Client, phone: Client) -> None:
    """OPS-02."""
    desk.post(reverse("end-session", args=[row_of(phone).pk]))
    desk.post(reverse("end-all-sessions"))

    one, everywhere = AuditEntry.objects.order_by("-id")[:2][::-1]
    assert (one.verb, one.actor_name, one.before["origin"]) == (
        "session.ended_elsewhere",
        "Alice",
        "203.0.113.9",
    )
    assert (everywhere.verb, everywhere.before) == ("session.all_ended", {"sessions": 1})


def test_a_session_that_ran_out_is_not_listed(desk: Client, phone: Client) -> None:
    Session.objects.filter(session_key=phone.session.session_key).delete()

    assert "Safari on iPhone" not in desk.get(reverse("view-security")).content.decode()


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        (PHONE, "Safari on iPhone"),
        (
            "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0",
            "Edge on Windows",
        ),
        ("curl/8.9.1", "Another program"),
        ("<script>alert(1)</script>", "Another program"),
        ("", "Another program"),
    ],
)
def test_devices_are_told_in_words_of_ours(user_agent: str, device: str) -> None:
    """F57: what a browser says about itself is anybody's text."""
    assert device_of(user_agent) == device
