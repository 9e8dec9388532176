"""Admin portal, Operations › Jobs: what runs by itself, how far it has come."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import access
from accounts.access import PLATFORM, Permission
from accounts.decorators import AdminRequest, admin_view
from billing import display, jobs_shown, queries
from billing.actions import deductions, hours
from billing.jobs_shown import JOBS, Job
from billing.lists import RUNS
from cmp.lib import jobs
from cmp.lib.clock import HOUR, hour_floor
from cmp.lib.display import Tone, day_text
from cmp.lib.htmx import render_page
from cmp.lib.jobs.models import JobRun
from cmp.lib.jobs.queries import every_run, runs_of
from cmp.lib.lists import Figure, list_page
from cmp.lib.pages import NoReasonForm, Prompt, prompt_page, succeeds

_TASKS = {
    "run_hourly_deductions": "billing.tasks.run_hourly_deductions",
    "audit_books": "billing.tasks.audit_books",
}


@require_GET
@admin_view(Permission.VIEW_JOBS)
def list_jobs(request: AdminRequest) -> HttpResponse:
    now = timezone.now()
    rows = [_row(job, now) for job in JOBS]
    parked = list(queries.parked())
    dry_run = _last_run(deductions.JOB, dry_run=True)
    context = {
        "now": now,
        "rows": rows,
        "figures": _figures(rows, len(parked), now),
        "parked": parked,
        "dry_run": dry_run,
        "dry_amounts": jobs_shown.moneys_of(dry_run) if dry_run else [],
        "may_run": access.allows(request.user, Permission.RUN_JOBS, PLATFORM),
    }
    return render_page(request, "billing/admin/jobs.html", context, partial="jobs")


@require_GET
@admin_view(Permission.VIEW_JOBS)
def list_runs(request: AdminRequest) -> HttpResponseBase:
    return list_page(request, RUNS, every_run())


@require_http_methods(["GET", "POST"])
@admin_view(Permission.RUN_JOBS)
def run_job(request: AdminRequest, job: str) -> HttpResponse:
    """Start a job out of turn, after a question: it moves money."""
    found = jobs_shown.find(job)
    if found is None or not found.can_run_now:
        raise Http404
    form = NoReasonForm(request.POST if request.method == "POST" else None)

    def start(_typed: dict[str, Any]) -> None:
        jobs.enqueue(_TASKS[job], started_by=str(request.user))

    if succeeds(form, start):
        messages.success(request, _("The run has been started."))
        return redirect("billing_admin:list-jobs")
    prompt = Prompt(
        title=_("Run %(job)s now?") % {"job": found.label},
        text=_(
            "It does what the schedule would do: what is done already is left alone, what"
            " is due is done now."
        ),
        submit=_("Run now"),
        cancel_url=reverse("billing_admin:list-jobs"),
        danger=False,
    )
    return prompt_page(request, form, prompt)


@require_POST
@admin_view(Permission.RUN_JOBS)
def run_dry(request: AdminRequest) -> HttpResponse:
    jobs.enqueue(
        "billing.tasks.run_hourly_deductions", started_by=str(request.user), dry_run=1
    )
    messages.success(request, _("The dry run has been started; nothing will be written."))
    return redirect("billing_admin:list-jobs")


def _row(job: Job, now: datetime) -> dict[str, Any]:
    runs = list(runs_of(job.name)[:12])
    last = runs[0] if runs else None
    good = sum(1 for run in runs if run.state != JobRun.State.FAILED and not run.errors)
    return {
        "job": job,
        "state": jobs_shown.state_of_job(job, runs, now),
        "last": last,
        "lag": jobs_shown.distance(_lag_s(job, last, now)),
        "took": jobs_shown.took(last) if last else "–",
        "errors": len(last.errors) if last else 0,
        "ran_at": display.clock_html(last.started_at, now) if last else "–",
        "next": display.clock_html(job.next_after(now), now),
        "bars": [_bar(run) for run in reversed(runs)],
        "bars_in_words": ngettext(
            "%(good)s of %(count)s run without errors",
            "%(good)s of %(count)s runs without errors",
            len(runs),
        )
        % {"good": good, "count": len(runs)},
    }


def _lag_s(job: Job, last: JobRun | None, now: datetime) -> float:
    """How far behind it is: of the deductions by their watermarks, else by their runs."""
    if job.name == deductions.JOB:
        oldest = hours.first_open(before=hour_floor(now))
        return (now - oldest - HOUR).total_seconds() if oldest else 0
    if last is None:
        return 0
    return (now - last.started_at - job.every).total_seconds()


def _bar(run: JobRun) -> str:
    if run.state == JobRun.State.FAILED:
        return "b"
    return "w" if run.errors else ""


def _figures(rows: list[dict[str, Any]], parked: int, now: datetime) -> list[Figure]:
    behind = [row for row in rows if row["state"].tone in {Tone.BAD, Tone.WARN}]
    oldest = hours.first_open(before=hour_floor(now))
    through = oldest or hour_floor(now)
    last = _last_run(deductions.JOB, dry_run=False)
    amounts = jobs_shown.moneys_of(last) if last else []
    return [
        Figure(
            _("Jobs behind"),
            _("%(behind)s of %(all)s") % {"behind": len(behind), "all": len(rows)},
            note=behind[0]["job"].label if behind else _("everything is on time"),
        ),
        Figure(
            _("Charged through"),
            f"{timezone.localtime(through):%H:%M}",
            note=_charged_note(through, is_late=oldest is not None),
        ),
        Figure(
            _("Charged by the last run"),
            amounts[0] if amounts else "–",
            note=", ".join(str(money) for money in amounts[1:]),
        ),
        Figure(
            _("Parked fund accounts"),
            str(parked),
            note=_("the run goes on without them") if parked else _("nothing is parked"),
        ),
    ]


def _charged_note(through: datetime, *, is_late: bool) -> str:
    day = day_text(timezone.localtime(through))
    words = (
        _("%(day)s, some fund accounts") if is_late else _("%(day)s, every fund account")
    )
    return words % {"day": day}


def _last_run(job: str, *, dry_run: bool) -> JobRun | None:
    return runs_of(job, dry_run=dry_run).first()
