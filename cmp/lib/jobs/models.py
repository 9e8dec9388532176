"""What each run of a job did, for operators to read."""

from django.db import models


class JobRun(models.Model):
    """One run of a job: what it covered, counted, moved and could not do."""

    class State(models.TextChoices):
        RUNNING = "RUNNING", "Running"
        FINISHED = "FINISHED", "Finished"
        FAILED = "FAILED", "Failed"

    job = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    period_from = models.DateTimeField(null=True, blank=True)
    period_until = models.DateTimeField(null=True, blank=True)
    counted = models.PositiveBigIntegerField(default=0)
    # Currency to amount in text, so that no float touches it: {"USD": "12.345678"}.
    amounts = models.JSONField(default=dict)
    errors = models.JSONField(default=list)
    dry_run = models.BooleanField(default=False)
    lag_s = models.PositiveIntegerField(default=0)
    started_by = models.CharField(max_length=254, default="schedule")

    class Meta:
        indexes = [models.Index(fields=["-started_at", "-id"], name="job_run_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="RUNNING") ^ models.Q(finished_at__isnull=False),
                name="job_run_is_finished_once_it_stopped",
            )
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to finish, or None while it runs."""
        if self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()
