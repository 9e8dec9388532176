"""Parking: a fund account that cannot be charged does not stop the others."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection
from django.db.models import F

import funds.queries
from billing.models import Parking


def park(*, pot_id: int, hour: datetime, reason: str, at: datetime) -> Parking:
    """Note that the run goes on without this fund account, and why; again counts a try."""
    account = funds.queries.account_of_pot(pot_id)
    parking, is_new = Parking.objects.get_or_create(
        fund_account_id=account.pk,
        resolved_at=None,
        defaults={
            "hour": hour,
            "reason": reason[:300],
            "parked_at": at,
            "last_tried_at": at,
        },
    )
    if not is_new:
        Parking.objects.filter(pk=parking.pk).update(
            hour=hour, reason=reason[:300], last_tried_at=at, tries=F("tries") + 1
        )
    return parking


def resolve(*, at: datetime) -> int:
    """Close the entries of fund accounts that have been charged past where they stood."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE billing_parking k SET resolved_at = %s
              FROM funds_pot p JOIN funds_potbalance b ON b.pot_id = p.id
             WHERE p.fund_account_id = k.fund_account_id AND p.kind = 1
               AND k.resolved_at IS NULL AND b.charged_through > k.hour""",
            [at],
        )
        return int(cursor.rowcount)


def in_words(parked: Mapping[int, str]) -> list[str]:
    """One line for each parked fund account, for the record of the run."""
    return [
        f"{funds.queries.account_of_pot(pot_id).number}: {reason}"
        for pot_id, reason in sorted(parked.items())
    ]
