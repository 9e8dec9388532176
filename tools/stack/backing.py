"""The services a checkout needs: named by the environment, those of its run, or its own."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tools.stack import children, places
from tools.stack.postgres import Postgres
from tools.stack.valkey import Valkey

WAIT_S_MAX = 120
RUN_FILE = places.VAR / "run.json"


class Backing:
    """PostgreSQL and Valkey of one folder, except what the environment already names."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.logs = places.private_folder(home / "log")
        self.postgres = None if "DATABASE_URL" in os.environ else Postgres(home, durable)
        self.valkey = None if "REDIS_URL" in os.environ else Valkey(home, durable)

    def start(self) -> dict[str, str]:
        """Start what is missing and return the addresses of everything."""
        addresses: dict[str, str] = {}
        if self.postgres:
            self.postgres.start(self.logs / "postgres.log")
            addresses |= self.postgres.addresses()
        else:
            addresses["DATABASE_URL"] = os.environ["DATABASE_URL"]
            owner = os.environ.get("DATABASE_OWNER_URL", addresses["DATABASE_URL"])
            addresses["DATABASE_OWNER_URL"] = owner
        if self.valkey:
            self.valkey.start(self.logs / "valkey.log")
            addresses |= self.valkey.addresses()
        return addresses

    def stop(self) -> None:
        for service in (self.valkey, self.postgres):
            if service:
                service.stop()

    def children(self) -> list[children.Child]:
        services = (self.postgres, self.valkey)
        return [service.child for service in services if service and service.child]


@contextmanager
def running(home: Path, *, durable: bool) -> Iterator[tuple[Backing, dict[str, str]]]:
    """Run the services of `home` for the block; yields them and their addresses."""
    places.private_folder(home)
    backing = Backing(home, durable=durable)
    try:
        yield backing, backing.start()
    finally:
        backing.stop()
        places.leave_temporary(home)


@contextmanager
def owned(purpose: str) -> Iterator[bool]:
    """Hold the services of this checkout; yields False if a run of it holds them.

    A command waits for another command, whose end stops the services it started.
    """
    places.private_folder(places.VAR)
    with (places.VAR / "lock").open("w") as lock:
        if _wait_for(lock, purpose):
            RUN_FILE.unlink(missing_ok=True)
            try:
                yield True
            finally:
                RUN_FILE.unlink(missing_ok=True)
        else:
            yield False


def announce(addresses: Mapping[str, str]) -> None:
    """Let commands find the services of this run."""
    draft = RUN_FILE.with_suffix(".draft")
    draft.write_text(json.dumps({"pid": os.getpid(), "environment": dict(addresses)}))
    draft.replace(RUN_FILE)


def announced() -> dict[str, str]:
    """Return what the run of this checkout announced."""
    environment: dict[str, str] = json.loads(RUN_FILE.read_text())["environment"]
    return environment


def _wait_for(lock: IO[str], purpose: str) -> bool:
    """Take the lock and return True, or return False once a run is known to hold it."""
    started = time.monotonic()
    has_spoken = False
    while not _takes(lock):
        if RUN_FILE.exists():
            return False
        waited = time.monotonic() - started
        if waited > 1 and not has_spoken:
            places.say(f"dev {purpose}: waiting for another ./dev of this checkout")
            has_spoken = True
        if waited > WAIT_S_MAX:
            raise children.ChildFailed("another ./dev of this checkout does not end")
        time.sleep(0.1)
    return True


def _takes(lock: IO[str]) -> bool:
    # The system lets go of the lock when its holder dies, so a killed run blocks nobody.
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
