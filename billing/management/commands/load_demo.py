"""`./dev load_demo`: the demo tenant with its people, prices and history."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.demo import history, offers, people
from cmp.lib.clock import hour_floor


class Command(BaseCommand):
    """Load what is missing of the demo; a second load changes nothing."""

    help = "Load the demo tenant, its people and a few days of history."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demo is never loaded in production.")
        now = timezone.now()
        begins = hour_floor(now) - timedelta(days=history.DAYS)
        cast = people.load(at=begins)
        made = offers.load(cast, at=begins)
        if not history.is_told():
            history.load(cast, made, begins=begins, now=now)
            self.stderr.write("Demo loaded.")
