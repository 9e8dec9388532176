"""Many at once: threads with a connection each, let loose by one barrier."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, transaction

from cmp.lib.errors import DomainError


def at_once(count: int, act: Callable[[int], Any], *, times: int = 1) -> Counter[str]:
    """Let `count` threads do `act(number)` at the same moment, each `times` times.

    Returns how often each outcome came: "done", or the name of what was raised.
    """
    barrier = threading.Barrier(count, timeout=60)

    def one(place: int) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        try:
            patiently()
            barrier.wait()
            for turn in range(times):
                outcomes[_outcome(act, place * times + turn)] += 1
        finally:
            connection.close()
        return outcomes

    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(one, range(count)), Counter())


def patiently() -> None:
    """Wait for locks as long as a crowd on a slow machine may need."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '90s'; SET statement_timeout = '120s'")


def _outcome(act: Callable[[int], Any], number: int) -> str:
    try:
        with transaction.atomic():
            return act(number) or "done"
    except DomainError as refusal:
        return type(refusal).__name__
    except Exception as error:  # noqa: BLE001 (the test asserts on what came)
        return type(error.__cause__ or error).__name__
