"""Reads of what jobs did."""

from django.db.models import QuerySet

from cmp.lib.jobs.models import JobRun


def every_run() -> QuerySet[JobRun]:
    return JobRun.objects.all()


def runs_of(job: str, *, dry_run: bool = False) -> QuerySet[JobRun]:
    """The runs of a job, newest first."""
    runs = JobRun.objects.filter(job=job, dry_run=dry_run)
    return runs.order_by("-started_at", "-id")
