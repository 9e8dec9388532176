"""The jobs that operators watch: their names, their rhythm, and how a run looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cmp.lib.clock import HOUR, hour_floor
from cmp.lib.display import State, Tone, Words
from cmp.lib.jobs.models import JobRun
from cmp.lib.money import Money

# A run that starts this late is slow; past twice its rhythm it is behind.
_GRACE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the schedule in `cmp.celery` runs it."""

    name: str
    label: Words
    purpose: Words
    every: timedelta
    # After the start of the hour or day.
    offset: timedelta = timedelta()
    can_run_now: bool = False
    can_run_dry: bool = False

    def next_after(self, at: datetime) -> datetime:
        """When the schedule starts it next."""
        start = hour_floor(at)
        if self.every >= timedelta(days=1):
            start = start.replace(hour=0)
        due = start + self.offset
        while due <= at:
            due += self.every
        return due


JOBS: Final = (
    Job(
        "run_hourly_deductions",
        _("Hourly deductions"),
        _("charge the use of each hour"),
        every=HOUR,
        offset=timedelta(minutes=2),
        can_run_now=True,
        can_run_dry=True,
    ),
    Job(
        "sweep_recharges",
        _("Recharge status"),
        _("asks gateways about open recharges"),
        every=timedelta(minutes=1),
    ),
    Job(
        "audit_books",
        _("Audit of the books"),
        _("proves ledger, charges and holds"),
        every=timedelta(days=1),
        offset=timedelta(hours=3, minutes=17),
        can_run_now=True,
    ),
)
CHOICES: Final = [(job.name, job.label) for job in JOBS]


def label_of(name: str) -> Words:
    return next((job.label for job in JOBS if job.name == name), name)


def find(name: str) -> Job | None:
    return next((job for job in JOBS if job.name == name), None)


def state_of_run(run: JobRun) -> State:
    if run.state == JobRun.State.RUNNING:
        return State(_("Running"), Tone.INFO)
    if run.state == JobRun.State.FAILED:
        return State(_("Failed"), Tone.BAD)
    return (
        State(_("With errors"), Tone.WARN) if run.errors else State(_("Finished"), Tone.OK)
    )


def state_of_job(job: Job, runs: Sequence[JobRun], at: datetime) -> State:
    """Whether a job is on time, from its runs, newest first."""
    if not runs:
        return State(_("Never ran"), Tone.IDLE)
    last = runs[0]
    if last.state == JobRun.State.FAILED:
        return State(_("Failed"), Tone.BAD)
    late = at - last.started_at - job.every
    if late > job.every + _GRACE:
        return State(_("Behind"), Tone.BAD)
    if late > _GRACE:
        return State(_("Slow"), Tone.WARN)
    return State(_("On time"), Tone.OK)


def took(run: JobRun) -> str:
    seconds = run.duration_s
    if seconds is None:
        return gettext("running")
    return gettext("%(seconds)s s") % {"seconds": f"{seconds:,.1f}"}


def amounts_of(run: JobRun) -> list[str]:
    return [str(money) for money in moneys_of(run)]


def moneys_of(run: JobRun) -> list[Money]:
    return [Money(Decimal(text), code) for code, text in sorted(run.amounts.items())]


def distance(seconds: float) -> str:
    """`0 min`, `42 min`, `3 h 10 min`: how late something is."""
    minutes = max(0, int(seconds // 60))
    if minutes < 60:
        return gettext("%(minutes)s min") % {"minutes": minutes}
    return gettext("%(hours)s h %(minutes)s min") % {
        "hours": f"{minutes // 60:,}",
        "minutes": minutes % 60,
    }
