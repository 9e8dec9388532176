"""F66: the headers that protect a page stand on every kind of answer."""

import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path, reverse
from pytest_django import Settings

from accounts.decorators import public_view
from accounts.models import User
from tests.security.conftest import LogIn

POLICY = {
    "default-src": {"'none'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "font-src": {"'self'"},
    "connect-src": {"'self'"},
    "frame-ancestors": {"'none'"},
    "base-uri": {"'none'"},
}
EXPECTED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@public_view("stands in for a bug of ours")
def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("a bug of ours")


urlpatterns = [path("broken", broken), path("", include("cmp.urls"))]
handler400 = "cmp.errors.bad_request"
handler403 = "cmp.errors.permission_denied"
handler404 = "cmp.errors.page_not_found"
handler429 = "cmp.errors.too_many_requests"
handler500 = "cmp.errors.server_error"


def policy_of(answer: HttpResponse) -> dict[str, set[str]]:
    directives = answer.headers["Content-Security-Policy"].split("; ")
    split = (directive.split(" ") for directive in directives)
    return {name: set(sources) for name, *sources in split}


@pytest.fixture
def answers(bob: User) -> dict[int, HttpResponse]:
    """One answer of each kind."""
    browser = Client(raise_request_exception=False)
    browser.force_login(bob)
    with override_settings(ROOT_URLCONF=__name__):
        found = [
            browser.get(reverse("view-security")),
            browser.post(reverse("choose-theme"), {"theme": "dark"}),
            browser.get(reverse("view-security"), HTTP_HOST="evil.test"),
            browser.get(reverse("admin-dashboard")),
            browser.get("/no-such-page"),
            browser.post(reverse("view-security")),
            browser.post("/", b"x" * 1_000_001, content_type="text/plain"),
            browser.get("/broken"),
        ]
    return {answer.status_code: answer for answer in found}  # type: ignore[misc]


KINDS = [200, 302, 400, 403, 404, 405, 413, 500]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_carries_the_headers(
    answers: dict[int, HttpResponse], kind: int
) -> None:
    headers = answers[kind].headers

    assert {name: headers.get(name) for name in EXPECTED} == EXPECTED
    assert "camera=()" in headers["Permissions-Policy"]
    assert re.fullmatch(r"[0-9a-f]{32}", headers["X-Request-ID"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_carries_the_policy(
    answers: dict[int, HttpResponse], kind: int
) -> None:
    policy = policy_of(answers[kind])

    assert {name: policy[name] for name in POLICY} == POLICY
    assert "'unsafe-inline'" not in str(policy)
    assert "'unsafe-eval'" not in str(policy)


def test_forms_reach_our_gateways_and_nobody_else(
    answers: dict[int, HttpResponse], settings: Settings
) -> None:
    """Payments break without the gateway; anything more would take card numbers away."""
    allowed = policy_of(answers[200])["form-action"]

    assert allowed == {"'self'", *settings.PAYMENT_GATEWAY_HOSTS}


@pytest.mark.parametrize("kind", [400, 403, 404, 413, 500])
def test_error_pages_tell_the_reference_and_a_way_on(
    answers: dict[int, HttpResponse], kind: int
) -> None:
    page = answers[kind].content.decode()

    assert answers[kind].headers["X-Request-ID"] in page
    assert 'href="/"' in page
    assert "<style" not in page
    assert not re.search(r"\sstyle=|\son[a-z]+=", page)


def test_a_bug_of_ours_tells_nothing_about_itself(answers: dict[int, HttpResponse]) -> None:
    """F67: no exception, path or setting on the page."""
    page = answers[500].content.decode()

    assert "ZeroDivisionError" not in page
    assert "a bug of ours" not in page
    assert "cmp/" not in page


@pytest.mark.parametrize("kind", [200, 302, 404])
def test_what_somebody_saw_is_not_kept_by_caches(
    answers: dict[int, HttpResponse], kind: int
) -> None:
    directives = set(answers[kind].headers["Cache-Control"].split(", "))

    assert {"private", "no-store"} <= directives


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(
    client: Client, alice_with_password: User, log_in: LogIn
) -> None:
    log_in(client, alice_with_password.email)
    client.get(reverse("view-security"))
    client.post(reverse("choose-language"), {"language": "ar"})
    client.post(reverse("choose-theme"), {"theme": "dark"})

    kept = {
        name: (
            bool(cookie["httponly"]),
            cookie["samesite"],
            cookie["path"],
            cookie["domain"],
        )
        for name, cookie in client.cookies.items()
    }
    assert set(kept) == {"sessionid", "csrftoken", "django_language", "theme"}
    assert set(kept.values()) == {(True, "Lax", "/", "")}
