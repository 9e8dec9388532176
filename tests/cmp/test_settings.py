"""What the settings refuse; production starts safe or not at all."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tools.stack import environment

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = {"DATABASE_URL": "postgres://cmp_app@db/cmp", "REDIS_URL": "redis://broker/0"}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that `check --deploy` is run in."""
    for name, text in environment.for_deployment_check(ADDRESSES).items():
        monkeypatch.setenv(name, text)


def read_settings() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "cmp" / "settings.py"))


def test_production_starts_with_real_values(production: None) -> None:
    settings = read_settings()

    assert settings["DEBUG"] is False
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["CSRF_COOKIE_SECURE"] is True
    assert settings["SECURE_SSL_REDIRECT"] is True


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("DEBUG", "1", "DEBUG"),
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("SECRET_KEY", "dev-" + "x" * 60, "SECRET_KEY"),
        ("SECRET_KEY", "django-insecure-" + "x" * 60, "SECRET_KEY"),
        ("ENCRYPTION_KEYS", "", "ENCRYPTION_KEYS"),
        ("ENCRYPTION_KEYS", "not-a-key", "ENCRYPTION_KEYS"),
        ("PAYMENT_GATEWAY_HOSTS", "http://localhost:8001", "PAYMENT_GATEWAY_HOSTS"),
        ("PAYMENT_GATEWAY_HOSTS", "https://localhost", "PAYMENT_GATEWAY_HOSTS"),
        ("PAYMENT_GATEWAY_HOSTS", "https://127.0.0.1:8001", "PAYMENT_GATEWAY_HOSTS"),
        ("PAYMENT_GATEWAY_HOSTS", "https://127.1.2.3", "PAYMENT_GATEWAY_HOSTS"),
        ("PAYMENT_GATEWAY_HOSTS", "https://pay.localhost", "PAYMENT_GATEWAY_HOSTS"),
        ("PAYMENT_GATEWAY_HOSTS", "https://[::1]", "PAYMENT_GATEWAY_HOSTS"),
        ("PAYMENT_GATEWAY_HOSTS", "https://checkout.payfort.com,http://x.test", "x.test"),
        ("PUBLIC_URL", "http://billing.example.com", "PUBLIC_URL"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS"),
    ],
)
def test_production_refuses(
    production: None, monkeypatch: pytest.MonkeyPatch, name: str, text: str, reason: str
) -> None:
    monkeypatch.setenv(name, text)

    with pytest.raises(ImproperlyConfigured, match=reason):
        read_settings()


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL"]
)
def test_nothing_is_assumed_in_its_place(
    production: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name)

    with pytest.raises(ImproperlyConfigured, match=name):
        read_settings()


def test_a_process_that_says_nothing_is_in_production(
    production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENVIRONMENT")

    assert read_settings()["IS_PRODUCTION"] is True


def test_an_unknown_environment_is_refused(
    production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "prod")

    with pytest.raises(ImproperlyConfigured, match="ENVIRONMENT"):
        read_settings()


@pytest.mark.parametrize("where", ["development", "production"])
def test_assertions_stay_on(production: None, where: str) -> None:
    done = subprocess.run(
        [sys.executable, "-O", "-c", "import cmp.settings"],
        cwd=ROOT,
        env={**os.environ, "ENVIRONMENT": where},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "ImproperlyConfigured: do not run with -O" in done.stderr


def test_a_refused_key_stays_out_of_the_message(
    production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", "almost-a-key")

    with pytest.raises(ImproperlyConfigured) as refusal:
        read_settings()

    assert "almost-a-key" not in str(refusal.value)
