"""The hourly run: charge every clock hour's use and deduct it from the fund accounts.

What is due stands in the watermarks, so a run may die anywhere and the next one goes on:
hour after hour, oldest first, in batches that several runs share. A second run of the
same hour finds nothing to do.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from billing.actions import hours, parkings, rates
from billing.actions.hours import Charged
from cmp.lib.clock import HOUR, hour_floor
from cmp.lib.errors import constraint_name
from cmp.lib.jobs.models import JobRun
from cmp.lib.jobs.runs import record_run

JOB: Final = "run_hourly_deductions"
GIVEN_UP_AFTER: Final = timedelta(hours=1)


@dataclass(slots=True)
class Report:
    """What a run did, or would do."""

    until: datetime
    dry_run: bool
    since: datetime | None = None
    charged: Charged = field(default_factory=Charged)
    # Pot to reason: the fund accounts that this run went on without.
    parked: dict[int, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The shape that `run_hourly_deductions --json` promises (contracts.md)."""
        return {
            "from": (self.since or self.until).isoformat(),
            "until": self.until.isoformat(),
            "fund_accounts": len(self.charged.pots),
            "charges": self.charged.charges,
            "amount": self.amounts,
            "parked": len(self.parked),
            "dry_run": self.dry_run,
        }

    @property
    def amounts(self) -> dict[str, str]:
        """Currency to amount in text, so that no float touches it."""
        return {
            currency: f"{amount.quantize(Decimal('1e-6')):f}"
            for currency, amount in sorted(self.charged.amounts.items())
        }


def run(
    *,
    at: datetime,
    until: datetime | None = None,
    dry_run: bool = False,
    started_by: str = "schedule",
) -> Report:
    """Charge every hour that is over by `until` (now, unless given) and not yet charged.

    Commits batch by batch, so it must not run inside a transaction that may be rolled
    back. A fund account that cannot be charged is parked with a reason and tried again by
    the next run; the others go on. A dry run only says what a run would do.
    """
    report = Report(until=hour_floor(min(at, until or at)), dry_run=dry_run)
    _bury_the_dead(at)
    with record_run(JOB, at=at, started_by=started_by, dry_run=dry_run) as job_run:
        try:
            if dry_run:
                _preview(report)
            else:
                _charge_all(report, at)
        finally:
            _write_down(report, job_run, at)
    return report


def _bury_the_dead(at: datetime) -> None:
    """Say of runs that never came back that they did not; what they left is due again."""
    JobRun.objects.filter(
        job=JOB, state=JobRun.State.RUNNING, started_at__lt=at - GIVEN_UP_AFTER
    ).update(
        state=JobRun.State.FAILED,
        finished_at=at,
        errors=["Stopped without finishing; the next run went on."],
    )


def _preview(report: Report) -> None:
    report.charged, report.since = hours.preview(before=report.until)
    report.parked = dict.fromkeys(report.charged.unpriced, _no_rate())


def _charge_all(report: Report, at: datetime) -> None:
    rates.adopt_due(at=report.until)
    idle_at: datetime | None = None
    while hour := hours.first_open(before=report.until, without=report.parked):
        report.since = report.since or hour
        done = report.charged.charges + len(report.parked)
        hours.open_month(hour)
        hours.plan(hour=hour, at=at, without=report.parked)
        while _charge_batch(report, hour, at):
            pass
        # Others may have done all of it meanwhile, but then the hour is no longer open.
        is_idle = report.charged.charges + len(report.parked) == done
        assert not is_idle or idle_at != hour, f"hour {hour:%Y-%m-%dT%HZ} does not close"
        idle_at = hour if is_idle else None
    parkings.resolve(at=at)


@transaction.atomic
def _charge_batch(report: Report, hour: datetime, at: datetime) -> bool:
    """Charge one batch of the hour; False when there is none left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '300s'"
        )
    batch = hours.claim(hour=hour, at=at)
    if batch is None:
        return False
    batch_id, first, last = batch
    pots = hours.pots_in(hour=hour, first=first, last=last, without=report.parked)
    charged, refused = _charge_or_split(hour, pots)
    refused |= dict.fromkeys(charged.unpriced, _no_rate())
    for pot_id, reason in refused.items():
        parkings.park(pot_id=pot_id, hour=hour, reason=reason, at=at)
    hours.note_batch(batch_id, charged.charges)
    # Last, so that what is reported is what the transaction holds.
    report.parked |= refused
    report.charged.add(charged)
    return True


def _charge_or_split(hour: datetime, pots: list[int]) -> tuple[Charged, dict[int, str]]:
    """Charge the pots together; when the database refuses, find those it refuses."""
    if not pots:
        return Charged(), {}
    try:
        with transaction.atomic():
            return hours.charge(hour=hour, pots=pots), {}
    except DatabaseError as refusal:
        if not connection.is_usable():
            raise
        if len(pots) == 1:
            return Charged(), {pots[0]: _reason(refusal)}
    middle = len(pots) // 2
    charged, refused = _charge_or_split(hour, pots[:middle])
    more, more_refused = _charge_or_split(hour, pots[middle:])
    charged.add(more)
    return charged, refused | more_refused


def _reason(refusal: DatabaseError) -> str:
    name = constraint_name(refusal)
    first_line = str(refusal).partition("\n")[0]
    return f"{name}: {first_line}" if name else first_line


def _no_rate() -> str:
    return _("A subscription has no price for this hour.")


def _write_down(report: Report, job_run: JobRun, at: datetime) -> None:
    job_run.period_from = report.since
    job_run.period_until = report.until
    job_run.counted = report.charged.charges
    job_run.amounts = report.amounts
    job_run.errors = parkings.in_words(report.parked)
    if report.since is not None:
        job_run.lag_s = max(0, int((at - report.since - HOUR).total_seconds()))
