"""Celery: tasks wake actions up; what is due stands in rows (design.md section 9)."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab

from cmp import workers  # noqa: F401 (connects to Celery's signals)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cmp.settings")

app = Celery("cmp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    task_time_limit=900,
    broker_connection_retry_on_startup=True,
    timezone="UTC",
    beat_scheduler="cmp.workers:LivingScheduler",
    beat_max_loop_interval=30,
)
app.autodiscover_tasks()

# Each entry says what breaks if it stops.
_schedule: dict[str, dict[str, Any]] = {
    # Hourly use is not charged; the next run catches up hour by hour.
    "run-hourly-deductions": {
        "task": "billing.tasks.run_hourly_deductions",
        "schedule": crontab(minute="2"),
    },
    # Orders whose worker died stay in processing.
    "sweep-orders": {"task": "billing.tasks.sweep_orders", "schedule": crontab()},
    # A payment that neither browser return nor notice reported is not credited.
    "sweep-recharges": {"task": "payments.tasks.sweep_recharges", "schedule": crontab()},
    # Books that do not hold are noticed only when somebody asks.
    "audit-books": {
        "task": "billing.tasks.audit_books",
        "schedule": crontab(hour="3", minute="17"),
    },
}
app.conf.beat_schedule = _schedule
