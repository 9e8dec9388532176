"""A whole site of its own: database, web, worker and gateway, each a real process."""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.databases import WORKER, Database
from tools.stack import children

ROOT = Path(__file__).resolve().parents[2]
READY_S_MAX = 90
# A part that is still starting refuses connections; that is no news.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
# The highest database numbers of Valkey, so that no other test's tasks reach this worker.
BROKER_NUMBER = 15 - int(WORKER.removeprefix("gw") if WORKER.startswith("gw") else 0)


@dataclass(frozen=True)
class Site:
    """Where the parts of the site are; portals and gateway differ in host, as for real."""

    url: str
    gateway_url: str
    database: Database
    environment: dict[str, str]
    logs: Path

    def manage(self, *words: str) -> str:
        """Run a command of manage.py against this site and return what it printed."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=READY_S_MAX,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def as_owner(self, statement: str, *values: object) -> list[tuple]:
        """Look, or turn a clock back, as the role that owns the tables."""
        with self.database.connect("owner") as connection:
            found = connection.execute(statement, values)
            return found.fetchall() if found.description else []

    def script(self, reference: str, **settings: object) -> None:
        """Make the gateway misbehave for one recharge; `*` is everyone's."""
        told = {"merchant_reference": reference, **settings}
        answer = requests.post(f"{self.gateway_url}/_script", json=told, timeout=10)
        assert answer.ok, answer.text

    def settled(self, reference: str, *, notices: int) -> None:
        """Wait until the portals acknowledged so many notices of one recharge."""
        question = {"merchant_reference": reference, "notices": notices}
        answer = requests.post(f"{self.gateway_url}/_await", json=question, timeout=30)
        assert answer.json() == {"ok": True}, answer.text

    def gateway_log(self, reference: str) -> list[str]:
        """What the gateway did about one recharge, oldest first."""
        address = f"{self.gateway_url}/_log.json?merchant_reference={reference}"
        events = requests.get(address, timeout=10).json()
        return [event["kind"] for event in reversed(events)]


@contextmanager
def running(database: Database, folder: Path) -> Iterator[Site]:
    """Run a site with the demo's content for the block."""
    site = _planned(database, folder)
    started: list[children.Child] = []
    try:
        site.manage("load_demo")
        for name, words in _parts(site).items():
            argv = [sys.executable, "-m", *words]
            log = folder / f"{name}.log"
            started.append(
                children.start(name, argv, environment=site.environment, log=log)
            )
        _await(f"{site.url}/accounts/login/", started)
        _await(f"{site.gateway_url}/healthz", started)
        yield site
    finally:
        children.stop(started)


def _planned(database: Database, folder: Path) -> Site:
    web, gateway = _free_ports(2)
    broker = f"{os.environ['REDIS_URL'].partition('?')[0]}?db={BROKER_NUMBER}"
    environment = {
        **os.environ,
        "ENVIRONMENT": "development",
        "DATABASE_URL": database.url_app,
        "DATABASE_OWNER_URL": database.url_owner,
        "REDIS_URL": broker,
        "PORT": str(web),
        "SANDBOX_PORT": str(gateway),
        "PUBLIC_URL": f"http://127.0.0.1:{web}",
        "PAYMENT_GATEWAY_HOSTS": f"http://localhost:{gateway}",
        "EMAIL_URL": f"filemail://{folder / 'mail'}",
    }
    return Site(
        f"http://127.0.0.1:{web}",
        f"http://localhost:{gateway}",
        database,
        environment,
        folder,
    )


def _parts(site: Site) -> dict[str, list[str]]:
    web, gateway = (urlsplit(url).port for url in (site.url, site.gateway_url))
    return {
        "gateway": [
            *("tools.sandbox_gateway", "--port", str(gateway), "--notice-base", site.url),
            *("--retry-interval", "0.5"),
        ],
        "worker": ["celery", "-A", "cmp", "worker", "--concurrency", "1"],
        "web": [
            *("gunicorn", "cmp.wsgi", "--bind", f"127.0.0.1:{web}", "--no-control-socket"),
            *("--worker-class", "gthread", "--threads", "4"),
        ],
    }


def _await(url: str, parts: list[children.Child]) -> None:
    """Wait until the address answers; a part that died says why at once."""
    session = requests.Session()
    retry = requests.adapters.Retry(
        total=None, connect=200, backoff_factor=0.05, backoff_max=0.5
    )
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
    try:
        answer = session.get(url, timeout=READY_S_MAX)
    except requests.RequestException:
        for part in parts:
            part.demand_alive()
        raise
    assert answer.ok, f"{url} answers {answer.status_code}: {answer.text[:2000]}"


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
