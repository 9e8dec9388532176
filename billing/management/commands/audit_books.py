"""Prove the books: every check of every app that has to do with money."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from billing.actions.books import audit
from cmp.lib import books


class Command(BaseCommand):
    """Check that the books hold; exit status 1 when they do not."""

    help = "Check that the books hold; exit status 1 when they do not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, **options: Any) -> None:
        outcomes = audit(at=timezone.now(), started_by="command")
        ok = all(outcome.ok for outcome in outcomes)
        if options["json"]:
            facts = {"ok": ok, "checks": [outcome.as_json() for outcome in outcomes]}
            self.stdout.write(json.dumps(facts))
        else:
            self._tell(outcomes)
        if not ok:
            sys.exit(1)

    def _tell(self, outcomes: list[books.Outcome]) -> None:
        for outcome in outcomes:
            verdict = "ok" if outcome.ok else f"{outcome.count} BREACHES"
            self.stdout.write(f"{verdict:>12}  {outcome.name} ({outcome.seconds:.2f} s)")
            for breach in outcome.breaches:
                self.stdout.write(f"{'':14}{', '.join(breach)}")
