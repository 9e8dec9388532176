"""Jobs: tasks that wake an action up, and the record of what each run did."""

from celery import Task
from django.db import transaction
from django.utils.module_loading import import_string


def enqueue(task_path: str, **kwargs: int | str) -> None:
    """Queue a Celery task to start once the current transaction commits.

    The path is resolved now, so a misspelt task fails the request that asked for it
    instead of the worker that never hears of it. A broker that is down costs delay,
    never the request: every task has a sweep that reaches the same end.
    """
    task: Task = import_string(task_path)

    # Not a partial: Django names what failed in its log, and a partial has no name.
    def send() -> None:
        task.apply_async(kwargs=kwargs)

    transaction.on_commit(send, robust=True)
