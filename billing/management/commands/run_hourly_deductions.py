"""Charge the hours that are over; the schedule does the same every hour."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from billing.actions import deductions


class Command(BaseCommand):
    """Charge the use of every clock hour that is over and deduct it."""

    help = "Charge the use of every clock hour that is over and deduct it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--until",
            help="charge hours that are over by this instant (ISO 8601 with zone)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would be")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, **options: Any) -> None:
        until = None
        if options["until"] is not None:
            try:
                until = parse_datetime(options["until"])
            except ValueError:
                until = None
            if until is None or until.tzinfo is None:
                raise CommandError(
                    "--until is an instant with its zone, such as 2026-11-22T10:00:00Z",
                    returncode=2,
                )
        report = deductions.run(
            at=timezone.now(), until=until, dry_run=options["dry_run"], started_by="command"
        )
        facts = report.as_json()
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        for name, value in facts.items():
            self.stdout.write(f"{name}: {value}")
