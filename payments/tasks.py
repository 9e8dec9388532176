"""Celery's way into payments: ids in, one action each."""

from celery import shared_task
from django.utils import timezone

from payments.actions import inbox, status_checks


@shared_task
def judge_message(*, message_id: int, **_newer_arguments: object) -> None:
    """Judge a stored message; harmless to run twice, the sweep makes up for a lost one."""
    inbox.judge(message_id=message_id, at=timezone.now())


@shared_task
def sweep_recharges(**_newer_arguments: object) -> None:
    """Ask about payments nobody reported; harmless to run twice and beside itself."""
    status_checks.sweep(at=timezone.now())
