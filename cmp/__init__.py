"""The project. Celery's app is loaded with it, so that tasks know their broker."""

from cmp.celery import app as celery_app

__all__ = ["celery_app"]
