"""Child programs: started so that they cannot be left behind, and stopped in order."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import ClassVar

STOPPED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1


class Interrupted(BaseException):
    """Somebody asked this program to stop (Ctrl-C, TERM or HUP)."""


class ChildFailed(Exception):
    """A program we need did not start or did not do its work; says which and why."""


@dataclass
class Child:
    """A program that runs beside us in its own group, so that Ctrl-C reaches only us."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def last_words(self, lines: int = 20) -> str:
        written = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in written[-lines:])

    def demand_alive(self) -> None:
        """Raises `ChildFailed` with the end of its log if the program has ended."""
        if not self.is_alive:
            raise ChildFailed(
                f"{self.name} ended with status {self.process.returncode}; its log"
                f" {self.log} ends with:\n{self.last_words()}"
            )


def start(
    name: str,
    argv: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    user: int | None = None,
) -> Child:
    """Start a program that writes to `log`; the log of its last run is kept beside it."""
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    with log.open("wb") as out, held():
        process = subprocess.Popen(
            [str(part) for part in argv],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), stop_signal),  # noqa: PLW1509 (one thread here)
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
        _Held.children.append(Child(name, process, log, stop_signal))
    return _Held.children[-1]


def stop(children: Sequence[Child], *, patience_s: float = 15) -> None:
    """Stop the programs, the last started first, and leave nothing of them running."""
    with held():
        for child in reversed(children):
            if child.is_alive:
                child.process.send_signal(child.stop_signal)
        for child in reversed(children):
            _await_end(child, patience_s)
            _Held.children.remove(child)


def stop_everything() -> None:
    """Stop what an interruption in the middle of a start left running."""
    stop(list(_Held.children))


def run_in_foreground(argv: Sequence[str | Path], environment: Mapping[str, str]) -> int:
    """Run a program at the terminal and return its exit status.

    Ctrl-C reaches it from the terminal; TERM and HUP sent to us are passed on.
    """
    with held():
        process = subprocess.Popen([str(part) for part in argv], env=dict(environment))
        with _passing_on(process):
            status = process.wait()
    return status if status >= 0 else 128 - status


def catch_signals() -> None:
    """Turn the signals that end programs into `Interrupted`."""
    for number in STOPPED_BY:
        signal.signal(number, _interrupt)


@contextmanager
def held() -> Iterator[None]:
    """Keep an interruption back until the block has ended.

    A child that is being started must be known before we may leave, or it stays behind.
    """
    _Held.depth += 1
    try:
        yield
    finally:
        _Held.depth -= 1
        if not _Held.depth and _Held.wanted:
            _Held.wanted = False
            raise Interrupted


class _Held:
    """What an interruption must not tear apart; one program, one main thread."""

    depth = 0
    wanted = False
    children: ClassVar[list[Child]] = []


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    if _Held.depth:
        _Held.wanted = True
    else:
        raise Interrupted


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT:
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in STOPPED_BY}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _await_end(child: Child, patience_s: float) -> None:
    try:
        child.process.wait(patience_s)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()
    # Grandchildren of a program that was killed live on in its group.
    try:
        os.killpg(child.process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _die_with(parent: int, stop_signal: signal.Signals) -> Callable[[], None]:
    """Make what runs in the new child before its program: let it end when we are killed."""
    if sys.platform != "linux":
        return lambda: None
    library = ctypes.CDLL(None)

    def arrange() -> None:
        library.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:
            os._exit(1)

    assert threading.current_thread() is threading.main_thread()
    return arrange
