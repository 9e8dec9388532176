"""What the security tests share: somebody with a password, and logging in as they do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User

PASSWORD = "correct-horse-battery-staple"


@pytest.fixture
def alice_with_password(alice: User) -> User:
    alice.set_password(PASSWORD)
    alice.save(update_fields=["password"])
    return alice


@pytest.fixture
def sam_with_password(sam: User) -> User:
    sam.set_password(PASSWORD)
    sam.save(update_fields=["password"])
    return sam


LogIn = Callable[..., Any]


@pytest.fixture
def log_in() -> LogIn:
    """Send the log-in form as a browser does."""

    def send(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
        form = {"login": email, "password": password}
        return client.post(reverse("account_login"), form, **extra)

    return send
