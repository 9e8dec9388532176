"""Rivals: real processes with connections of their own that start at one instant.

Each rival does its part and says in a word how it ended; a test asserts on the exact
counts of those words, never on “no exception”.
"""

import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any, Final

from django.db import DatabaseError, connection, connections

from cmp.lib.errors import DomainError

Part = Callable[[], object]
# Two cores get real interleaving, because each rival waits for the database.
CROWDS: Final = 4
PATIENCE_S: Final = 120
_fork = multiprocessing.get_context("fork")


def race(parts: Sequence[Part]) -> Counter[str]:
    """Run all parts at once, spread over a few processes, and count how they ended.

    A part's word is what it returns, or the name of the refusal or database error.
    """
    # A child must never speak on a connection that its parent opened.
    connections.close_all()
    barrier = _fork.Barrier(len(parts))
    words: Queue[str] = _fork.Queue()
    crowds = [
        _fork.Process(target=_crowd, args=(parts[start::CROWDS], barrier, words))
        for start in range(min(CROWDS, len(parts)))
    ]
    for crowd in crowds:
        crowd.start()
    counted = Counter(words.get(timeout=PATIENCE_S) for _part in parts)
    for crowd in crowds:
        crowd.join(PATIENCE_S)
        assert crowd.exitcode == 0, f"a crowd ended with {crowd.exitcode}"
    return counted


def in_threads(parts: Sequence[Part]) -> list[object]:
    """Run the parts in threads of this process; a teeth twin needs no more."""
    with ThreadPoolExecutor(len(parts)) as pool:
        return [future.result() for future in [pool.submit(part) for part in parts]]


def _crowd(parts: Sequence[Part], barrier: Barrier, words: "Queue[str]") -> None:
    threads = [
        threading.Thread(target=_play, args=(part, barrier, words)) for part in parts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    words.close()
    words.join_thread()
    # Not an ordinary exit: what the parent registered to do at its end is not ours.
    os._exit(0)


def _play(part: Part, barrier: Barrier, words: "Queue[str]") -> None:
    try:
        connection.ensure_connection()
        barrier.wait(PATIENCE_S)
        word: Any = part()
    except DomainError as refusal:
        word = type(refusal).__name__
    except DatabaseError as error:
        word = f"{type(error.__cause__).__name__}"
    except BaseException as failure:  # noqa: BLE001 (the parent must hear of anything)
        word = f"broken: {failure!r}"
    finally:
        connection.close()
    words.put(str(word))
