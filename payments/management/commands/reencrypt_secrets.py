"""`reencrypt_secrets`: every secret at rest under the newest of ENCRYPTION_KEYS."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions import seeds
from payments.actions import phrases


class Command(BaseCommand):
    """After it the older keys can go; 1 if a secret is there that no key opens."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        channels, unreadable_phrases = phrases.reencrypt()
        factors, unreadable_seeds = seeds.reencrypt()
        unreadable = unreadable_phrases + unreadable_seeds
        told = {"channels": channels, "seeds": factors, "unreadable": unreadable}
        if options["json"]:
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write(f"{channels} payment channels, {factors} second factors")
        if unreadable:
            raise CommandError(f"No key opens {', '.join(unreadable)}.")
