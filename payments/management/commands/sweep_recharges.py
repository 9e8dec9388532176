"""`manage.py sweep_recharges`: ask gateways now about payments nobody reported."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from payments.actions import status_checks


class Command(BaseCommand):
    help = "Judge messages left in the inbox and check every recharge that is due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        done = status_checks.sweep(at=timezone.now(), started_by="command")
        if options["json"]:
            found = {
                "judged": done.judged,
                "checked": done.checked,
                "credited": done.credited,
                "errors": done.errors,
            }
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(
            f"{done.judged} messages judged, {done.checked} recharges checked, "
            f"{done.credited} credited, {len(done.errors)} errors"
        )
        for error in done.errors:
            self.stderr.write(error)
