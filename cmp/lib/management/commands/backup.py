"""`backup --into FOLDER`: a dump, and the manifest by which a restore is proven."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cmp.lib import backups


class Command(BaseCommand):
    """Dump the database as its owner, with a manifest of what is in it."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--into", type=Path, required=True, metavar="FOLDER")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, into: Path, json: bool, **_options: Any) -> None:
        started = time.monotonic()
        try:
            file, manifest = backups.dump(folder=into, at=timezone.now())
        except backups.BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        told = {
            "file": str(file),
            "bytes": file.stat().st_size,
            "sha256": manifest.sha256,
            "tables": len(manifest.tables),
            "rows": manifest.rows,
            "seconds": round(time.monotonic() - started, 3),
        }
        self.stdout.write(_as_json(told) if json else _as_text(told))


def _as_json(told: dict[str, Any]) -> str:
    return json.dumps(told)


def _as_text(told: dict[str, Any]) -> str:
    return "{file}: {tables} tables, {rows} rows, {bytes} bytes, {seconds} s".format(**told)
