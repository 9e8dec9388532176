"""F59: no address of ours sends anybody to a place that is not ours."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from payments.returning import own_path
from tests.security.conftest import LogIn

LOG_IN = "/accounts/login/"
ELSEWHERE = [
    *(
        "//evil.test",
        "///evil.test",
        "////evil.test",
        "//evil.test/%2f..",
        "//evil.test:443/",
    ),
    *("\\\\evil.test", "\\/evil.test", "/\\evil.test", "/\\/evil.test", "\\\\\\evil.test"),
    *("http://evil.test", "https://evil.test", "HTTP://EVIL.TEST", "hTTps://evil.test/"),
    *("https:evil.test", "http:evil.test", "https:/evil.test", "http:///evil.test"),
    *(
        "https:\\evil.test",
        "https:\\\\evil.test",
        "https:/\\evil.test",
        "http:\\/evil.test",
    ),
    *(
        "https://testserver@evil.test",
        "https://testserver:80@evil.test",
        "//testserver@evil.test",
    ),
    *("http://testserver.evil.test", "//testserver.evil.test", "https://eviltestserver"),
    *(
        "https://evil.test#testserver",
        "https://evil.test?testserver",
        "https://evil.test/testserver",
    ),
    *(
        "https://evil.test\\@testserver",
        "https://evil.test\\.testserver",
        "//evil.test\\testserver",
    ),
    *(
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "javascript://testserver/%0aalert(1)",
    ),
    *(
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://testserver/",
        "blob:http://testserver/x",
    ),
    *(
        "\thttps://evil.test",
        " https://evil.test",
        "\nhttps://evil.test",
        "\r\nhttps://evil.test",
    ),
    *(
        "\x00https://evil.test",
        "\x01//evil.test",
        "\x1f//evil.test",
        "\x08https://evil.test",
    ),
    *(
        "/\t/evil.test",
        "/\n/evil.test",
        "/\r/evil.test",
        "\t//evil.test",
        "h\nttps://evil.test",
    ),
    *(
        "//[::1]",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]",
        "//2130706433",
        "http://0x7f.1/",
    ),
    *("http://evil。test", "//evil｡test", "http://ｅvil.test", "https://xn--evl-bla.test"),
    *("http://[evil.test", "//evil.test]", "http://127.0.0.1:9999/", "http://localhost:1/"),
    *(
        "https://evil.test\r\nSet-Cookie: a=b",
        "/x\r\nLocation: https://evil.test",
        "///",
    ),
]
HERE = [
    "/portal/",
    "/accounts/security/",
    "/portal/?a=//evil.test",
    "/admin/?next=https://evil.test",
]


def is_ours(location: str) -> bool:
    """Whether a browser that follows `location` stays on our host.

    Browsers drop tabs and line ends, and read a backslash as a slash.
    """
    read = location.translate(str.maketrans("\\", "/", "\t\r\n"))
    target = urlsplit(read.lstrip("".join(map(chr, range(33)))))
    if target.scheme or target.netloc:
        return target.netloc == "testserver" and target.scheme in {"http", "https", ""}
    return target.path.startswith("/") and not target.path.startswith("//")


def test_there_are_as_many_vectors_as_the_catalogue_asks_for() -> None:
    assert len(set(ELSEWHERE)) >= 60


def left_for_elsewhere(ask: Callable[[str], Any]) -> list[str]:
    """The vectors that `ask` followed to a place that is not ours; each must redirect."""
    followed = []
    for target in ELSEWHERE:
        answer = ask(target)
        assert answer.status_code == 302, target
        if not is_ours(answer.headers["Location"]):
            followed.append(target)
    return followed


def test_log_in_sends_nobody_elsewhere(client: Client, sam: User) -> None:
    """Somebody who is logged in and follows a crafted link to the log-in page."""
    client.force_login(sam)

    assert left_for_elsewhere(lambda it: client.get(LOG_IN, {"next": it})) == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["choose-theme", "choose-language"])
def test_theme_and_language_send_nobody_elsewhere(client: Client, name: str) -> None:
    form, url = {"theme": "dark", "language": "ar"}, reverse(name)

    assert left_for_elsewhere(lambda it: client.post(url, {**form, "next": it})) == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["choose-theme", "choose-language"])
def test_the_page_one_came_from_is_no_way_out(client: Client, name: str) -> None:
    """`Referer` is the sender's choice, too."""
    form, url = {"theme": "dark", "language": "ar"}, reverse(name)

    assert left_for_elsewhere(lambda it: client.post(url, form, HTTP_REFERER=it)) == []


def test_log_out_sends_nobody_elsewhere(client: Client, sam: User) -> None:
    def log_out_to(target: str) -> Any:
        client.force_login(sam)
        return client.post(reverse("account_logout"), {"next": target})

    assert left_for_elsewhere(log_out_to) == []


def test_the_way_back_from_a_payment_leads_nobody_elsewhere() -> None:
    """`return_to` of the recharge page; what is not surely ours is dropped."""
    kept = {target: own_path(target) for target in ELSEWHERE}

    assert {it: path for it, path in kept.items() if path and not is_ours(path)} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("target", HERE)
def test_a_place_of_ours_is_reached_after_log_in(
    client: Client, alice_with_password: User, log_in: LogIn, target: str
) -> None:
    """The other half: a way that refuses everything would pass the tests above."""
    form = {"login": alice_with_password.email, "password": "correct-horse-battery-staple"}

    answer = client.post(reverse("account_login"), {**form, "next": target})

    assert answer.headers["Location"] == target
