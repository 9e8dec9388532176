"""Recording a run: begin, note, finish – also when it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone

from cmp.lib.jobs.models import JobRun


@contextmanager
def record_run(
    job: str, *, at: datetime, started_by: str = "schedule", dry_run: bool = False
) -> Iterator[JobRun]:
    """Keep a `JobRun` around the work; the caller sets what it counted on the row given.

    The row is written before the work starts and again when it ends, each in a
    transaction of its own, so that a run that dies is still seen. An exception marks it
    FAILED with its text and passes on.
    """
    run = JobRun.objects.create(
        job=job, started_at=at, started_by=started_by, dry_run=dry_run
    )
    try:
        yield run
    except BaseException as failure:
        run.errors = [*run.errors, f"{type(failure).__name__}: {failure}"[:500]]
        _finish(run, JobRun.State.FAILED)
        raise
    _finish(run, JobRun.State.FINISHED)


def _finish(run: JobRun, state: JobRun.State) -> None:
    run.state = state
    run.finished_at = timezone.now()
    run.save()
