"""Celery's way into billing: ids in, one action each, safe to run twice."""

from celery import shared_task
from django.utils import timezone

from billing.actions import books, deductions, deployments, sweeps


@shared_task(acks_late=True)
def deploy_order(*, order_id: int, **_newer_arguments: object) -> None:
    """Deploy a paid order; the sweep makes up for a lost one."""
    deployments.deploy(order_id=order_id, now=timezone.now)


@shared_task(acks_late=True)
def run_hourly_deductions(
    *, started_by: str = "schedule", dry_run: int = 0, **_newer_arguments: object
) -> None:
    """Charge the hours that are over; several runs share the work."""
    deductions.run(at=timezone.now(), started_by=started_by, dry_run=bool(dry_run))


@shared_task(acks_late=True)
def sweep_orders(**_newer_arguments: object) -> None:
    """Finish what a lost task or a dead worker left behind."""
    sweeps.sweep_orders(now=timezone.now)


@shared_task(acks_late=True)
def audit_books(**_newer_arguments: object) -> None:
    """Check the books; metrics and the list of jobs tell what was found."""
    books.audit(at=timezone.now())
