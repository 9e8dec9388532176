"""What the record of runs tells operators."""

from typing import Final

from cmp.lib.gauges import Gauge

GAUGES: Final = [
    Gauge(
        "cmp_job_last_success_age_s",
        "Seconds since a run of the job last finished",
        """
        SELECT job, extract(epoch FROM now() - max(finished_at))
        FROM public.jobs_jobrun WHERE state = 'FINISHED' AND NOT dry_run GROUP BY job
        """,
        label="job",
    ),
    Gauge(
        "cmp_job_last_lag_s",
        "How far the last finished run of the job was behind when it started",
        """
        SELECT DISTINCT ON (job) job, lag_s FROM public.jobs_jobrun
        WHERE state = 'FINISHED' AND NOT dry_run ORDER BY job, started_at DESC, id DESC
        """,
        label="job",
    ),
    Gauge(
        "cmp_job_failures",
        "Runs of the job that failed in the last 24 hours",
        """
        SELECT job, count(*) FROM public.jobs_jobrun
        WHERE state = 'FAILED' AND started_at > now() - interval '24 hours' GROUP BY job
        """,
        label="job",
    ),
]
