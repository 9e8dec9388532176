"""TEN-14, F62, F67, F72: a stolen password of platform staff is not enough."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import AuditEntry, User
from tests.security.conftest import PASSWORD, LogIn

SET_UP = "mfa_activate_totp"


@pytest.fixture(autouse=True)
def one_code_a_day(settings: Settings) -> None:
    """No test straddles the moment at which the code changes."""
    settings.MFA_TOTP_PERIOD = 86_400


@pytest.fixture
def required(settings: Settings) -> None:
    settings.REQUIRE_STAFF_SECOND_FACTOR = True


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def set_up(client: Client) -> str:
    """Go through the set-up as a person does; returns the secret in their phone."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse(SET_UP)).content.decode()
    found = re.search(r'<bdi dir="ltr">([A-Z2-7]{32})</bdi>', page)
    assert found
    answer = client.post(reverse(SET_UP), {"code": code_of(found[1])})
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    return found[1]


@pytest.fixture
def secret(client: Client, sam_with_password: User, log_in: LogIn) -> str:
    """Sam has set it up and is logged out again."""
    log_in(client, sam_with_password.email)
    secret = set_up(client)
    client.post(reverse("account_logout"))
    return secret


# ---------------------------------------------------------------------- being led there


@pytest.mark.parametrize("url_name", ["home", "admin-dashboard", "view-security"])
def test_staff_without_one_are_led_to_set_it_up(
    client: Client, sam_with_password: User, log_in: LogIn, required: None, url_name: str
) -> None:
    """F72: before anything else, whatever they ask for."""
    log_in(client, sam_with_password.email)

    answer = client.get(reverse(url_name))

    assert (answer.status_code, answer.headers["Location"]) == (302, reverse(SET_UP))


def test_a_form_sent_by_staff_without_one_changes_nothing(
    client: Client, sam_with_password: User, log_in: LogIn, required: None
) -> None:
    """F72: posting past the page that leads there."""
    log_in(client, sam_with_password.email)

    answer = client.post(reverse("choose-theme"), {"theme": "dark"})

    assert (answer.status_code, answer.headers["Location"]) == (302, reverse(SET_UP))
    sam_with_password.refresh_from_db()
    assert sam_with_password.theme == ""


def test_a_fragment_asked_for_by_staff_without_one_moves_the_whole_page(
    client: Client, sam_with_password: User, log_in: LogIn, required: None
) -> None:
    log_in(client, sam_with_password.email)

    answer = client.get(reverse("admin-dashboard"), headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, reverse(SET_UP))


def test_staff_may_leave_without_setting_it_up(
    client: Client, sam_with_password: User, log_in: LogIn, required: None
) -> None:
    log_in(client, sam_with_password.email)

    client.post(reverse("account_logout"))

    assert "_auth_user_id" not in client.session


def test_staff_go_on_once_it_is_set_up(
    client: Client, sam_with_password: User, log_in: LogIn, required: None
) -> None:
    log_in(client, sam_with_password.email)

    set_up(client)

    assert client.get(reverse("view-security")).status_code == 200


@pytest.mark.parametrize("persona", ["tina", "alice"])
def test_tenants_people_are_not_asked_for_one(
    request: pytest.FixtureRequest, client: Client, required: None, persona: str
) -> None:
    client.force_login(request.getfixturevalue(persona))

    assert client.get(reverse("view-security")).status_code == 200


def test_a_setting_lets_staff_do_without(client: Client, sam: User) -> None:
    """Development and tests: off unless the environment says otherwise."""
    client.force_login(sam)

    assert client.get(reverse("view-security")).status_code == 200


# --------------------------------------------------------------------------- logging in


def test_the_password_alone_does_not_log_in(
    client: Client, secret: str, sam_with_password: User, log_in: LogIn
) -> None:
    """F62: a stolen password."""
    answer = log_in(client, sam_with_password.email)

    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("view-security")).status_code == 302


def test_password_and_code_log_in(
    client: Client, secret: str, sam_with_password: User, log_in: LogIn
) -> None:
    log_in(client, sam_with_password.email)
    before = client.session.session_key

    answer = client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})

    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(sam_with_password.pk)
    assert client.session.session_key != before


def test_a_code_works_once(
    client: Client, secret: str, sam_with_password: User, log_in: LogIn
) -> None:
    """F62: somebody looked over the shoulder."""
    log_in(client, sam_with_password.email)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    thief = Client()
    log_in(thief, sam_with_password.email)

    answer = thief.post(reverse("mfa_authenticate"), {"code": code_of(secret)})

    assert "Incorrect code" in answer.content.decode()
    assert "_auth_user_id" not in thief.session


def test_guessing_codes_is_limited(
    client: Client, secret: str, sam_with_password: User, log_in: LogIn
) -> None:
    """F62: six digits are few; after five wrong ones even the right one is refused."""
    log_in(client, sam_with_password.email)
    wrong = f"{(int(code_of(secret)) + 1) % 1_000_000:06}"
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": wrong})

    answer = client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})

    assert "Too many failed" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_recovery_code_logs_in_once(
    client: Client, secret: str, sam_with_password: User, log_in: LogIn
) -> None:
    """A lost phone; and the paper that was found by somebody else."""
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap()
    code = codes.get_unused_codes()[0]
    for browser, expected in ((client, True), (Client(), False)):
        log_in(browser, sam_with_password.email)

        browser.post(reverse("mfa_authenticate"), {"code": code})

        assert ("_auth_user_id" in browser.session) is expected


def test_turning_it_off_takes_a_fresh_proof(
    client: Client, secret: str, sam_with_password: User, log_in: LogIn
) -> None:
    """F63: an unattended screen is not enough to take the lock off."""
    log_in(client, sam_with_password.email)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})

    answer = client.post(reverse("mfa_deactivate_totp"))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/")
    assert "reauthenticate" in answer.headers["Location"]
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


# ------------------------------------------------------------------------- what is kept


def test_seeds_are_kept_encrypted(secret: str) -> None:
    """F67: a copy of the database lets nobody in."""
    kept = [str(authenticator.data) for authenticator in Authenticator.objects.all()]

    assert len(kept) == 2
    assert secret not in "".join(kept)
    assert all("gAAAA" in text for text in kept)


def test_setting_up_and_failing_stand_in_the_audit_log(
    client: Client,
    sam_with_password: User,
    log_in: LogIn,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> None:
    """OPS-02."""
    log_in(client, sam_with_password.email)
    with django_capture_on_commit_callbacks(execute=True):
        set_up(client)
    client.post(reverse("account_logout"))
    log_in(client, sam_with_password.email)
    client.post(reverse("mfa_authenticate"), {"code": "not-it"})

    entries = AuditEntry.objects.order_by("id").values_list("verb", "actor_name", "after")
    assert list(entries) == [
        ("session.started", "Sam", {}),
        ("second_factor.added", "Sam", {"kind": "totp"}),
        ("second_factor.added", "Sam", {"kind": "recovery_codes"}),
        ("session.ended", "Sam", {}),
        ("session.refused", "Platform", {"reason": "second factor"}),
    ]
