"""F12: the cache by which log-ins are limited is away: none is let in, work goes on."""

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from tests.security.conftest import LogIn


@pytest.fixture
def without_cache(alice_with_password: User, settings: Settings) -> None:
    location = "unix:///nowhere/valkey.sock?db=0"
    settings.CACHES = {
        "default": django_settings.CACHES["default"] | {"LOCATION": location}
    }


def test_nobody_logs_in_uncounted(
    client: Client, alice_with_password: User, without_cache: None, log_in: LogIn
) -> None:
    """F62: taking the cache down must not open the door to guessing."""
    answer = log_in(client, alice_with_password.email)

    assert answer.status_code == 503
    assert "We cannot answer right now" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_who_is_logged_in_goes_on_working(
    client: Client, alice_with_password: User, without_cache: None
) -> None:
    client.force_login(alice_with_password)

    assert client.get(reverse("view-security")).status_code == 200
