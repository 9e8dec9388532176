"""The environment variables under which the project runs on a developer's machine."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from tools.stack import places

# The hosts of PayFort's own sandbox and live pages (payfort.md), besides our local gateway.
PAYFORT = ("https://sbcheckout.payfort.com", "https://checkout.payfort.com")


def port() -> int:
    return int(os.environ.get("PORT", "8000"))


def sandbox_port() -> int:
    return int(os.environ.get("SANDBOX_PORT", "8001"))


def for_checkout(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of `./dev run` and of commands; what is set already wins."""
    web = int(addresses.get("PORT", port()))
    gateway = int(addresses.get("SANDBOX_PORT", sandbox_port()))
    defaults = {
        "ENVIRONMENT": "development",
        "DEBUG": "0",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PORT": str(web),
        "SANDBOX_PORT": str(gateway),
        "PUBLIC_URL": f"http://127.0.0.1:{web}",
        "PAYMENT_GATEWAY_HOSTS": ",".join((f"http://localhost:{gateway}", *PAYFORT)),
        "EMAIL_URL": f"filemail://{places.VAR / 'mail'}",
        **_secrets_of_checkout(places.VAR / "secrets.json"),
    }
    return {**defaults, **os.environ, **addresses}


def for_tests(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of `./dev test`, the same for everybody."""
    inherited = {key: value for key, value in os.environ.items() if key not in {"DEBUG"}}
    return {
        **inherited,
        "ENVIRONMENT": "test",
        "DEBUG": "0",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
        "PORT": "8000",
        "SANDBOX_PORT": "8001",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "PAYMENT_GATEWAY_HOSTS": ",".join(("http://localhost:8001", *PAYFORT)),
        "EMAIL_URL": "memorymail://",
        **_new_secrets(),
        **addresses,
    }


def for_deployment_check(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return an environment as production has it, for `check --deploy`."""
    return {
        **for_tests(addresses),
        "ENVIRONMENT": "production",
        "ALLOWED_HOSTS": "billing.example.com",
        "PUBLIC_URL": "https://billing.example.com",
        "PAYMENT_GATEWAY_HOSTS": PAYFORT[1],
        "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    }


def as_owner(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which the database is reached as its owner.

    A migration may take its time, but gives up where its lock would hold up all traffic.
    """
    limits = {"DB_LOCK_TIMEOUT": "5s", "DB_STATEMENT_TIMEOUT": "0", "DB_IDLE_TIMEOUT": "0"}
    return {**environment, **limits, "DATABASE_URL": environment["DATABASE_OWNER_URL"]}


def _secrets_of_checkout(file: Path) -> dict[str, str]:
    """Read the secrets of this checkout, made once so that sessions outlive a run."""
    if not file.exists():
        draft = file.with_suffix(".draft")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(_new_secrets(), out)
        draft.replace(file)
    found: dict[str, str] = json.loads(file.read_text())
    return found


def _new_secrets() -> dict[str, str]:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return {"SECRET_KEY": secrets.token_urlsafe(64), "ENCRYPTION_KEYS": key}
