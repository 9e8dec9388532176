"""Real processes in the production configuration, on a database of their own."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import User
from tests.databases import Database
from tests.production.served import PASSWORD, Program, Web, free_port
from tools.stack import environment

ROOT = Path(__file__).resolve().parents[2]
NUMBER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files as the image's build collects them."""
    folder = tmp_path_factory.mktemp("static")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(
        [ROOT / "ops" / "collect_static.sh"],
        cwd=ROOT,
        env={"PATH": path, "STATIC_ROOT": str(folder)},
        check=True,
    )
    return folder


@pytest.fixture
def production(committed_db: Database, static_root: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of production, with this test's database, broker and mail folder.

    The broker's number is none of the browser tests': their worker would take the tasks.
    """
    broker = settings.REDIS_URL.partition("?")[0]
    addresses = {
        "DATABASE_URL": committed_db.url_app,
        "DATABASE_OWNER_URL": committed_db.url_owner,
        "REDIS_URL": f"{broker}?db={12 - NUMBER}",
    }
    env = environment.for_deployment_check(addresses)
    return env | {
        "BIND": f"127.0.0.1:{free_port()}",
        "WEB_WORKERS": "2",
        "STATIC_ROOT": str(static_root),
        "METRICS_TOKEN": secrets.token_urlsafe(32),
        "EMAIL_URL": f"filemail://{tmp_path / 'mail'}",
        "TMPDIR": str(tmp_path),
        "SECRET_KEY": settings.SECRET_KEY,
        "ENCRYPTION_KEYS": ",".join(settings.ENCRYPTION_KEYS),
    }


Start = Callable[..., Program]


@pytest.fixture
def start(production: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start a program of production; whatever still runs is stopped with the test."""
    with ExitStack() as running:

        def begin(name: str, *argv: str, **extra: str) -> Program:
            program = Program(
                name,
                argv,
                production | extra,
                tmp_path / f"{name}-{len(os.listdir(tmp_path))}",
            )
            running.callback(program.kill)
            return program

        yield begin


@pytest.fixture
def web(start: Start, production: dict[str, str]) -> Web:
    """The portals as the image serves them, once they answer."""
    program = start("web", "gunicorn", "--config", "ops/gunicorn.conf.py", "cmp.wsgi")
    served = Web(program, production["BIND"], "billing.example.com")
    served.await_ready()
    return served


@pytest.fixture
def alice_email(alice: User) -> str:
    alice.set_password(PASSWORD)
    alice.save(update_fields=["password"])
    return alice.email


@pytest.fixture
def sam_email(sam: User) -> str:
    sam.set_password(PASSWORD)
    sam.save(update_fields=["password"])
    return sam.email
