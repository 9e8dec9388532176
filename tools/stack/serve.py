"""`./dev run`: everything a demo needs, until Ctrl-C."""

import http.client
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from tools.stack import backing, children, environment, places

READY_S_MAX = 120
DEMO_PASSWORD = "demo-only"  # noqa: S105 (public on purpose; loaded in development only)
DEMO_PEOPLE = (
    ("platform@demo.test", "platform administrator"),
    ("billing@demo.test", "billing administrator"),
    ("auditor@demo.test", "auditor, looks at everything"),
    ("tenant-admin@demo.test", "administrator of the demo tenant"),
    ("owner@demo.test", "owns fund accounts"),
    ("member@demo.test", "may request resources"),
    ("viewer@demo.test", "may look"),
    ("stranger@other.test", "belongs to another tenant"),
)
# A worker's statement may take longer than a page has time for.
WORKER_LIMITS = {
    "DB_LOCK_TIMEOUT": "10s",
    "DB_STATEMENT_TIMEOUT": "60s",
    "DB_IDLE_TIMEOUT": "60s",
}


def run() -> int:
    """Serve until somebody stops us (0) or a part of it dies (1)."""
    with backing.owned("run") as is_ours:
        if not is_ours:
            running = backing.announced()
            places.say(f"./dev run of this checkout serves {running['PUBLIC_URL']} already")
            return 1
        _demand_free(environment.port(), "PORT")
        _demand_free(environment.sandbox_port(), "SANDBOX_PORT")
        with backing.running(places.VAR, durable=True) as (services, addresses):
            return _serve(services, addresses)


def _serve(services: backing.Backing, addresses: Mapping[str, str]) -> int:
    env = environment.for_checkout(addresses)
    is_demo = env["ENVIRONMENT"] == "development"
    started: list[children.Child] = []
    try:
        _prepare(services, env, is_demo=is_demo)
        for name, argv, extra in _parts(env, is_demo=is_demo):
            log = services.logs / f"{name}.log"
            started.append(
                children.start(name, argv, environment={**env, **extra}, log=log)
            )
        everything = services.children() + started
        _await_health(env, everything)
        backing.announce({**addresses, **_seen_from_outside(env)})
        _greet(env, services.logs, is_demo=is_demo)
        _watch(everything)
    except children.Interrupted:
        places.say("\nstopping")
        return 0
    finally:
        children.stop(started)


def _prepare(services: backing.Backing, env: Mapping[str, str], *, is_demo: bool) -> None:
    """Bring the database up to date and fill it for the demo."""
    (places.VAR / "static").mkdir(exist_ok=True)
    migrate(services.logs, env)
    if is_demo and any(places.ROOT.glob("*/management/commands/load_demo.py")):
        patient = {**env, **WORKER_LIMITS}
        _finish("load_demo", [*django(), "load_demo"], patient, services.logs)
    if not is_demo:
        _finish(
            "collectstatic", [*django(), "collectstatic", "--noinput"], env, services.logs
        )


def migrate(logs: Path, env: Mapping[str, str]) -> None:
    """Migrate the database as its owner; raises `ChildFailed` with what went wrong."""
    _finish("migrate", [*django(), "migrate", "--noinput"], environment.as_owner(env), logs)


def django() -> list[str]:
    return [sys.executable, str(places.ROOT / "manage.py")]


def _parts(
    env: Mapping[str, str], *, is_demo: bool
) -> list[tuple[str, list[str], Mapping[str, str]]]:
    python = [sys.executable, "-m"]
    web = [*python, "gunicorn", "cmp.wsgi", "--bind", f"127.0.0.1:{env['PORT']}"]
    # Threads, because a browser opens connections ahead of need, and each would hold up a
    # single-threaded worker. The control socket is one per user, and checkouts are many.
    web += ["--worker-class", "gthread", "--workers", "2", "--threads", "4"]
    web += ["--no-control-socket", "--graceful-timeout", "10", "--access-logfile", "-"]
    # Loaded once and forked, or once in each worker and again after each change.
    web += ["--reload"] if env["DEBUG"] == "1" else ["--preload"]
    celery = [*python, "celery", "-A", "cmp"]
    worker = [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"]
    beat = [*celery, "beat", "--loglevel", "INFO"]
    beat += ["--schedule", str(places.VAR / "beat-schedule"), "--pidfile", ""]
    sandbox = [*python, "tools.sandbox_gateway", "--port", env["SANDBOX_PORT"]]
    sandbox += ["--notice-base", f"http://127.0.0.1:{env['PORT']}"]
    sandbox += ["--database", str(places.VAR / "sandbox.sqlite3")]

    parts: list[tuple[str, list[str], Mapping[str, str]]] = [
        ("web", web, {}),
        ("worker", worker, WORKER_LIMITS),
        ("beat", beat, {}),
    ]
    if is_demo and (places.ROOT / "tools" / "sandbox_gateway" / "__main__.py").exists():
        parts.append(("sandbox", sandbox, {}))
    return parts


def _finish(name: str, argv: list[str], env: Mapping[str, str], logs: Path) -> None:
    child = children.start(name, argv, environment=env, log=logs / f"{name}.log")
    try:
        status = child.process.wait()
    finally:
        children.stop([child])
    if status:
        raise children.ChildFailed(
            f"{name} failed with status {status}:\n{child.last_words()}"
        )


def _await_health(env: Mapping[str, str], parts: list[children.Child]) -> None:
    deadline = time.monotonic() + READY_S_MAX
    answer = "nothing"
    while time.monotonic() < deadline:
        for part in parts:
            part.demand_alive()
        answer = _health(int(env["PORT"]))
        if answer.startswith("200 "):
            return
        time.sleep(0.1)
    raise children.ChildFailed(
        f"/healthz is not well after {READY_S_MAX} s; it says: {answer}"
    )


def _health(port: int) -> str:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/healthz")
        response = line.getresponse()
        return f"{response.status} {response.read(500).decode(errors='replace')}"
    except (OSError, http.client.HTTPException) as problem:
        return str(problem)
    finally:
        line.close()


def _watch(parts: list[children.Child]) -> NoReturn:
    """Never return: raise `ChildFailed` when a part dies, `Interrupted` to stop."""
    while True:
        for part in parts:
            part.demand_alive()
        time.sleep(0.5)


def _seen_from_outside(env: Mapping[str, str]) -> dict[str, str]:
    return {key: env[key] for key in ("PORT", "SANDBOX_PORT", "PUBLIC_URL")}


def _greet(env: Mapping[str, str], logs: Path, *, is_demo: bool) -> None:
    print(f"\nPortals          {env['PUBLIC_URL']}/")
    if is_demo:
        print(f"Sandbox gateway  http://localhost:{env['SANDBOX_PORT']}/")
    print(f"Logs             {os.path.relpath(logs)}/")
    if is_demo:
        print(f"\nDemo log-ins, all with the password {DEMO_PASSWORD}:")
        for address, role in DEMO_PEOPLE:
            print(f"  {address:24} {role}")
    print("\nCtrl-C stops everything; the data stays in var/.", flush=True)


def _demand_free(port: int, variable: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            raise children.ChildFailed(
                f"port {port} is taken ({problem.strerror}); set {variable} to another"
            ) from problem
