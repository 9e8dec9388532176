"""Rates: what an hourly subscription costs per second, compiled from the one rating.

A rate row begins with its subscription or on a full hour. New prices reach a running
subscription when their version says so, always before that hour is charged.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

import pricing.queries
from billing.models import PriceAdoption, Rate, Subscription
from cmp.lib.clock import HOUR
from cmp.lib.errors import DomainError
from pricing import rating
from pricing.models import Component, PriceVersion, Sale

BATCH: Final = 2000


def open_instant(pot_id: int, at: datetime) -> datetime:
    """The first instant at or after `at` that is not charged yet.

    Locks the pot against its hourly run, for as long as the caller's transaction.
    """
    assert connection.in_atomic_block, "a lock lasts as long as its transaction"
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.billing_open_instant(%s, %s)", [pot_id, at])
        instant: datetime = cursor.fetchone()[0]
    return instant


def compile_first(subscription: Subscription) -> Rate:
    """Give a new hourly subscription its rate.

    The price it was sold by holds, unless a later version has already reached everything
    that runs: then that one does, as for its neighbours.
    """
    version_id = subscription.price_version_id
    newer = pricing.queries.versions_for_existing(
        currency=subscription.currency, newer_than=version_id
    )
    for version in sorted(newer, key=lambda v: v.effective_from, reverse=True):
        assert version.existing_from is not None
        if version.existing_from > subscription.billed_from:
            continue
        per_second = _rate(subscription.quantities, version.pk)
        if per_second is not None:
            return _create(subscription, per_second, version.pk)
    per_second = _rate(subscription.quantities, version_id)
    assert per_second is not None, "what was sold has a price"
    return _create(subscription, per_second, version_id)


def adopt_due(*, at: datetime) -> int:
    """Let the price versions that reach running subscriptions by `at` reach them.

    Returns how many subscriptions changed. Safe to repeat and to interrupt: what has the
    version already is left alone, and a version counts as adopted only an hour after its
    instant, when no sale by older prices can still be on its way.
    """
    versions = (
        PriceVersion.objects.filter(
            published_at__isnull=False, existing_from__lte=at, adoption__isnull=True
        )
        .select_related("price_list")
        .order_by("existing_from", "effective_from")
    )
    changed = 0
    for version in versions:
        if not _is_superseded(version):
            changed += _adopt(version)
        if version.existing_from and version.existing_from + HOUR <= at:
            PriceAdoption.objects.get_or_create(
                price_version=version, defaults={"adopted_at": at}
            )
    return changed


def _is_superseded(version: PriceVersion) -> bool:
    """Whether a newer version reached everything that runs by the same hour or before."""
    return PriceVersion.objects.filter(
        price_list_id=version.price_list_id,
        published_at__isnull=False,
        effective_from__gt=version.effective_from,
        existing_from__lte=version.existing_from,
    ).exists()


def _adopt(version: PriceVersion) -> int:
    """Compile the version for every configuration that runs, then write in batches."""
    compiled = {}
    for quantities in _configurations(version):
        per_second = _rate(quantities, version.pk)
        # A part without a price in the new version keeps the price it has.
        if per_second is not None:
            compiled[json.dumps(quantities, sort_keys=True)] = per_second
    changed, total = BATCH, 0
    while compiled and changed == BATCH:
        changed = _write(version, compiled)
        total += changed
    return total


@transaction.atomic
def _write(version: PriceVersion, compiled: Mapping[str, Decimal]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _ADOPT,
            {
                **_which(version),
                "quantities": list(compiled),
                "rates": list(compiled.values()),
                "limit": BATCH,
            },
        )
        return int(cursor.fetchone()[0])


def _configurations(version: PriceVersion) -> list[dict[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT s.quantities {_NOT_YET}", _which(version))
        return [json.loads(row[0]) for row in cursor.fetchall()]


def _which(version: PriceVersion) -> dict[str, Any]:
    return {
        "version": version.pk,
        "existing_from": version.existing_from,
        "effective_from": version.effective_from,
        "currency": version.price_list.currency,
    }


def _rate(quantities: Mapping[str, int], version_id: int) -> Decimal | None:
    """The compiled rate, or None where the version does not sell this."""
    wanted = {Component(name): quantity for name, quantity in quantities.items()}
    try:
        sheet = pricing.queries.sheet_of(
            product=pricing.queries.INSTANCE, version_id=version_id
        )
        return rating.quote(wanted, sheet, Sale.HOURLY).per_second
    except DomainError:
        return None


def _create(subscription: Subscription, per_second: Decimal, version_id: int) -> Rate:
    return Rate.objects.create(
        subscription=subscription,
        valid_from=subscription.billed_from,
        per_second=per_second,
        price_version_id=version_id,
    )


# Hourly subscriptions that run when the version reaches them, were sold before it, and
# have neither it nor a newer one.
_NOT_YET: Final = """
  FROM billing_subscription s
 WHERE s.sale = 'HOURLY' AND s.currency = %(currency)s
   AND s.billed_from < %(existing_from)s
   AND (s.billed_until IS NULL OR s.billed_until > %(existing_from)s)
   AND NOT EXISTS (
       SELECT FROM billing_rate r
         JOIN pricing_priceversion v ON v.id = r.price_version_id
        WHERE r.subscription_id = s.id AND v.effective_from >= %(effective_from)s)"""

_ADOPT: Final = f"""
WITH compiled AS (
  SELECT c.quantities::jsonb AS quantities, c.per_second
    FROM unnest(%(quantities)s::text[], %(rates)s::numeric[])
      AS c (quantities, per_second)),
due AS MATERIALIZED (
  SELECT s.id, s.quantities,
         -- An hour has one rate: not into a closed hour, nor the first of another rate.
         greatest(%(existing_from)s, w.charged_through,
                  CASE WHEN o.valid_from >= %(existing_from)s
                       THEN date_trunc('hour', o.valid_from, 'UTC') + interval '1 hour' END
         ) AS start
    FROM (SELECT s.id, s.quantities, s.fund_pot_id {_NOT_YET}) s
    JOIN funds_potbalance w ON w.pot_id = s.fund_pot_id
    JOIN billing_rate o ON o.subscription_id = s.id AND o.valid_until IS NULL
   WHERE s.quantities IN (SELECT quantities FROM compiled)
   ORDER BY s.fund_pot_id, s.id LIMIT %(limit)s),
ended AS (
  UPDATE billing_rate r SET valid_until = due.start
    FROM due WHERE r.subscription_id = due.id AND r.valid_until IS NULL
  RETURNING r.subscription_id),
begun AS (
  INSERT INTO billing_rate (subscription_id, valid_from, per_second, price_version_id)
  SELECT due.id, due.start, compiled.per_second, %(version)s
    FROM due JOIN compiled USING (quantities) JOIN ended ON ended.subscription_id = due.id
  RETURNING 1)
SELECT count(*) FROM begun"""  # noqa: S608 (constants only)
