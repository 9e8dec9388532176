"""Secrets from files, what production turns on, and `check --deploy`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.stack import environment

ROOT = Path(__file__).resolve().parents[2]

# Complete, and none of it is reached: settings connect to nothing.
GOOD = environment.for_deployment_check(
    {
        "DATABASE_URL": "postgres://cmp_app@database/cmp",
        "DATABASE_OWNER_URL": "postgres://cmp_owner@database/cmp",
        "REDIS_URL": "redis://broker:6379/0",
    }
)


def settings_with(
    changes: dict[str, str], show: str = "None"
) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of its own and print what `show` says about them."""
    code = f"from cmp import settings; print({show})"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=GOOD | changes,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"PUBLIC_URL": "https://other.example.com"}, "missing in ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": ".example.com"}, "ALLOWED_HOSTS names each host"),
        ({"METRICS_TOKEN": "guess"}, "METRICS_TOKEN must have 32"),
        ({"SECRET_KEY_FILE": "/nowhere/secret_key"}, "SECRET_KEY_FILE cannot be read"),
    ],
)
def test_what_is_unsafe_does_not_start(changes: dict[str, str], complaint: str) -> None:
    done = settings_with(changes)

    assert done.returncode == 1
    assert complaint in done.stderr.splitlines()[-1]


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    """As compose gives them: without the line end that editors put there."""
    for name, text in {"key": "k" * 64, "db": "p@ss/w:rd", "redis": "r@d:s"}.items():
        (tmp_path / name).write_text(text + "\n")

    password = "settings.DATABASES['default']['PASSWORD']"
    files = {
        "SECRET_KEY": "",
        "SECRET_KEY_FILE": str(tmp_path / "key"),
        "DATABASE_PASSWORD_FILE": str(tmp_path / "db"),
        "REDIS_PASSWORD_FILE": str(tmp_path / "redis"),
    }

    done = settings_with(files, f"[settings.SECRET_KEY, {password}, settings.REDIS_URL]")

    assert done.stdout.strip() == str(
        ["k" * 64, "p@ss/w:rd", "redis://:r%40d%3As@broker:6379/0"]
    )


def test_the_second_factor_is_on_in_production_unless_said_otherwise() -> None:
    show = "settings.REQUIRE_STAFF_SECOND_FACTOR"

    answers = [
        settings_with(changes, show).stdout
        for changes in (
            {},
            {"ENVIRONMENT": "development"},
            {"REQUIRE_STAFF_SECOND_FACTOR": "off"},
        )
    ]
    assert answers == ["True\n", "False\n", "False\n"]


def test_the_proxys_word_on_the_scheme_counts_only_behind_a_proxy() -> None:
    """F65: without a proxy anybody could claim to have come by TLS."""
    show = "hasattr(settings, 'SECURE_PROXY_SSL_HEADER')"

    assert settings_with({}, show).stdout == "True\n"
    assert settings_with({"TRUSTED_PROXY_COUNT": "0"}, show).stdout == "False\n"


def test_check_deploy_has_nothing_to_say() -> None:
    env = {**GOOD, "DATABASE_URL": os.environ["DATABASE_URL"]}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout
