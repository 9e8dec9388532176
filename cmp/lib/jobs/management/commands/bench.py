"""`./dev bench …`: speed as a ratio to the limit measured in the same run."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tools.bench import deductions, posting


class Command(BaseCommand):
    """Measure a hot path against its limit, on this server, in this run."""

    help = "Measure a hot path against its limit on this server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        lanes = parser.add_subparsers(dest="what", required=True)
        post = lanes.add_parser("posting", help="post to fund accounts one by one")
        post.add_argument("--clients", type=int, default=1)
        post.add_argument("--hot", action="store_true", help="all on one fund account")
        post.add_argument("--seconds", type=int, default=3)
        post.add_argument("--repeats", type=int, default=5)
        post.add_argument("--json", action="store_true")
        run = lanes.add_parser("deductions", help="charge an hour of running instances")
        run.add_argument("--resources", type=int, default=200_000)
        run.add_argument("--fund-accounts", type=int, default=20_000)
        run.add_argument("--repeats", type=int, default=5)
        run.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        result = _MEASURES[options["what"]](options)
        text = json.dumps(result) if options["json"] else json.dumps(result, indent=2)
        self.stdout.write(text)


def _posting(options: dict[str, Any]) -> dict[str, Any]:
    return posting.measure(
        clients=options["clients"],
        hot=options["hot"],
        seconds=options["seconds"],
        repeats=options["repeats"],
    )


def _deductions(options: dict[str, Any]) -> dict[str, Any]:
    return deductions.measure(
        resources=options["resources"],
        fund_accounts=options["fund_accounts"],
        repeats=options["repeats"],
    )


_MEASURES = {"posting": _posting, "deductions": _deductions}
