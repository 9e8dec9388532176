"""Work in a process of its own that is killed, or loses its database, mid-way."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from random import Random
from typing import Final

import psycopg
from django.db import connections

from tests.databases import forget_connections

_fork = multiprocessing.get_context("fork")


def killed_after(
    seconds: float, work: Callable[[], object], watch: psycopg.Connection
) -> bool:
    """Run the work in a process and kill it; whether it was still at work.

    Counted from its first connection to the database. SIGKILL by the process's id: no
    clean-up of any kind runs. `watch` is a superuser's connection.
    """
    with beside(work) as process:
        _await_connection(process, watch)
        process.join(seconds)
        was_alive = process.is_alive()
        if was_alive:
            assert process.pid
            os.kill(process.pid, signal.SIGKILL)
    return was_alive


def cut_off_after(
    seconds: float, work: Callable[[], object], watch: psycopg.Connection
) -> bool:
    """Run the work in a process and end its database connections; whether it had any."""
    with beside(work) as process:
        _await_connection(process, watch)
        process.join(seconds)
        ended = watch.execute(f"SELECT count(pg_terminate_backend(pid)) {WORKERS}")
        (count,) = ended.fetchone() or (0,)
    return bool(count)


WORKERS: Final = (
    "FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cmp_app'"
)


def _await_connection(process: BaseProcess, watch: psycopg.Connection) -> None:
    watch.autocommit = True

    def is_connected_or_done() -> bool:
        (count,) = watch.execute(f"SELECT count(*) {WORKERS}").fetchone() or (0,)
        return bool(count) or not process.is_alive()

    until_true(is_connected_or_done, patience_s=60, every_s=0.005)


def moments(seed: int, count: int, longest_s: float) -> list[float]:
    """The first instant, then random moments that a seed makes again."""
    random = Random(seed)
    return [0.0, *(random.uniform(0, longest_s) for _turn in range(count - 1))]


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[BaseProcess]:
    """Run the work in a process beside us; the block's end waits for it."""
    # A child must never speak on a connection that its parent opened.
    connections.close_all()
    process = _fork.Process(target=_work, args=(work,))
    process.start()
    try:
        yield process
    finally:
        process.join(60)
        assert process.exitcode is not None, "the work does not end"


def _work(work: Callable[[], object]) -> None:
    forget_connections()
    # What the parent registered to do at its end is not ours, and its output neither.
    try:
        work()
    finally:
        os._exit(0)


def until_true(
    condition: Callable[[], bool], *, patience_s: float, every_s: float = 0.05
) -> None:
    """Wait for what another process brings about; fails when it does not come."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(every_s)
