"""A task for the tests of stopping: it waits for a lock that the test holds."""

from celery import shared_task
from django.db import connection, transaction
from django.utils import timezone

from cmp.lib.jobs.runs import record_run

LOCK = 4711


@shared_task
def wait_and_record(*, number: int) -> None:
    with record_run(f"slow-{number}", at=timezone.now()) as run:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        run.counted = 1
