"""`restore FILE --into DATABASE`: fill a new database from a dump and compare it."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cmp.lib import backups


class Command(BaseCommand):
    """Restore a dump into a new database; 1 if what came out is not what went in."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--into", required=True, metavar="DATABASE")
        parser.add_argument("--json", action="store_true")

    def handle(
        self, *_args: Any, file: Path, into: str, json: bool, **_options: Any
    ) -> None:
        started = time.monotonic()
        try:
            differences = backups.restore(file=file, name=into)
        except backups.BackupRefused as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        told = {
            "ok": not differences,
            "database": into,
            "differences": differences,
            "seconds": round(time.monotonic() - started, 3),
        }
        self.stdout.write(_as_json(told) if json else _as_text(told))
        if differences:
            raise CommandError("What was restored is not what was dumped.")


def _as_json(told: dict[str, Any]) -> str:
    return json.dumps(told)


def _as_text(told: dict[str, Any]) -> str:
    found = "\n".join(told["differences"]) or "as it was dumped"
    return f"{told['database']}: {found} ({told['seconds']} s)"
