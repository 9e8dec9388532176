"""Celery's way in to what runs."""

from celery import shared_task
from django.utils import timezone

from resources.actions import instances


@shared_task
def remove_instance(*, instance_id: int, **_newer_arguments: object) -> None:
    """Take a deleted or failed instance away; harmless to run twice, swept by minute."""
    instances.remove(instance_id=instance_id, at=timezone.now())
