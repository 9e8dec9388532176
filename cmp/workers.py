"""What workers and beat share with the web: logs, the id of the cause, a sign of life."""

import logging
import logging.config
import os
import time
from contextvars import Token
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler
from celery.signals import (
    before_task_publish,
    heartbeat_sent,
    setup_logging,
    task_postrun,
    task_prerun,
)
from django.conf import settings

from cmp.lib import origin

log = logging.getLogger("cmp.tasks")
_running: dict[str, tuple[Token[str], float]] = {}


def use_our_logs(**_: Any) -> None:
    """With a receiver here Celery leaves its own format and its own handlers out."""
    logging.config.dictConfig(settings.LOGGING)


def send_the_cause_along(headers: dict[str, Any], **_: Any) -> None:
    if request_id := origin.request_id.get():
        headers["request_id"] = request_id


def take_up_the_cause(task: Any, task_id: str, **_: Any) -> None:
    """Lines of a task carry the id of the request that asked for it, or else its own."""
    cause = getattr(task.request, "request_id", None) or task_id
    _running[task_id] = (origin.request_id.set(cause), time.monotonic())


def note_the_end(task: Any, task_id: str, state: str | None = None, **_: Any) -> None:
    token, started = _running.pop(task_id)
    milliseconds = round((time.monotonic() - started) * 1000)
    extra = {"task": task.name, "state": state, "ms": milliseconds}
    log.info("task.finished", extra=extra)
    origin.request_id.reset(token)


def show_life(**_: Any) -> None:
    """Touch the file whose age tells the container's health check that we go on."""
    if file := os.environ.get("ALIVE_FILE"):
        Path(file).touch()


class LivingScheduler(PersistentScheduler):  # type: ignore[misc]
    """Beat's usual scheduler, which also shows that it goes on."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        show_life()
        seconds: float = super().tick(*args, **kwargs)
        return seconds


setup_logging.connect(use_our_logs)
before_task_publish.connect(send_the_cause_along)
task_prerun.connect(take_up_the_cause)
task_postrun.connect(note_the_end)
heartbeat_sent.connect(show_life)
