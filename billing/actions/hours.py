"""One clock hour of the hourly run, in SQL: what is open, who takes which share, charging.

Set-based: one statement rates a batch of fund pots and inserts their charges; the guard on
that insert proves them complete, moves the watermarks and deducts (performance.md A).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

from funds.actions import ledger

# Larger batches cost less each; a batch holds its pots locked for about half a second.
POTS_PER_BATCH: Final = 5000
# One number for this purpose alone; the second key is the hour.
_PLANNING: Final = 2_026_110
_PLANNING_LOCK: Final = (
    "SELECT pg_advisory_xact_lock(%s, (extract(epoch FROM %s) / 3600)::int)"
)


@dataclass(slots=True)
class Charged:
    """What was charged, or would be: counts, amounts per currency, and who was left out."""

    pots: set[int] = field(default_factory=set)
    charges: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    unpriced: list[int] = field(default_factory=list)

    def add(self, other: "Charged") -> None:
        self.pots |= other.pots
        self.charges += other.charges
        for currency, amount in other.amounts.items():
            self.amounts[currency] = self.amounts.get(currency, Decimal(0)) + amount
        self.unpriced += other.unpriced


def first_open(*, before: datetime, without: Iterable[int] = ()) -> datetime | None:
    """The oldest hour before `before` that some fund pot has not been charged for."""
    row = _one(_FIRST_OPEN, {"before": before, "without": list(without)})
    hour: datetime | None = row[0]
    return hour


def open_month(hour: datetime) -> None:
    """Make sure that the charges of this hour have a partition to go to."""
    _one("SELECT public.billing_open_month(%s)", [hour])


@transaction.atomic
def plan(*, hour: datetime, at: datetime, without: Iterable[int] = ()) -> None:
    """Cut what is open in this hour into batches, unless that was done already."""
    _one(
        _PLANNING_LOCK,
        [_PLANNING, hour],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _PLAN,
            {"hour": hour, "at": at, "without": list(without), "size": POTS_PER_BATCH},
        )


def claim(*, hour: datetime, at: datetime) -> tuple[int, int, int] | None:
    """Take a batch nobody works on, or wait for one: its id, first and last pot.

    The batch counts as charged when the caller's transaction commits, and is free again
    when it does not. None when all batches of the hour are charged.
    """
    assert connection.in_atomic_block, "a claim lasts as long as its transaction"
    for locking in ("FOR UPDATE SKIP LOCKED", "FOR UPDATE"):
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM.format(locking=locking), {"hour": hour, "at": at})
            row = cursor.fetchone()
        if row is not None:
            return row[0], row[1], row[2]
    return None


def pots_in(*, hour: datetime, first: int, last: int, without: Iterable[int]) -> list[int]:
    """The fund pots of a range whose next open hour is this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            _POTS_IN, {"hour": hour, "first": first, "last": last, "without": list(without)}
        )
        return [row[0] for row in cursor.fetchall()]


def charge(*, hour: datetime, pots: Sequence[int]) -> Charged:
    """Charge these pots for the hour; those with a use that has no rate are left out.

    The pots are locked in a statement of their own, so that what is read next is what
    stands still. Raises what the database raises: all or nothing.
    """
    ledger.lock_pots(pots)
    with connection.cursor() as cursor:
        cursor.execute(_CHARGE, {"hour": hour, "pots": list(pots)})
        return _charged(cursor.fetchall())


def preview(*, before: datetime) -> tuple[Charged, datetime | None]:
    """What a run through `before` would charge, and from which hour; writes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_PREVIEW, {"before": before})
        charged = _charged(cursor.fetchall())
    return charged, first_open(before=before)


def note_batch(batch_id: int, charges: int) -> None:
    """Write down how many charges a batch made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_hourbatch SET charges = %s WHERE id = %s", [charges, batch_id]
        )


def _charged(rows: Iterable[tuple[Any, ...]]) -> Charged:
    result = Charged()
    for currency, charges, amount, pots in rows:
        if currency is None:
            result.unpriced += pots or []
        else:
            result.add(Charged(set(pots), charges, {currency: amount}))
    return result


def _one(sql: str, parameters: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


# A subscription with seconds to charge in [{start}, {end}).
_USED: Final = """s.sale = 'HOURLY' AND s.billed_from < {end}
   AND (s.billed_until IS NULL
        OR s.billed_until > greatest({start}, s.billed_from))"""

# A pot's next open hour, if it has one: the watermark's, or that in which its oldest open
# use began (`greatest` passes over NULL, so the emptiness is asked of `oldest`).
_OPEN: Final = f"""
  SELECT b.pot_id,
         greatest(b.charged_through, date_trunc('hour', u.oldest, 'UTC')) AS first
    FROM funds_potbalance b
   CROSS JOIN LATERAL (
         SELECT min(s.billed_from) AS oldest FROM billing_subscription s
          WHERE s.fund_pot_id = b.pot_id
            AND {_USED.format(start="b.charged_through", end="%(before)s")}) u
   WHERE b.charged_through < %(before)s AND u.oldest IS NOT NULL
     AND b.pot_id <> ALL (%(without)s::bigint[])"""  # noqa: S608

_FIRST_OPEN: Final = f"SELECT min(o.first) FROM ({_OPEN}) o"  # noqa: S608

_PLAN: Final = f"""
INSERT INTO billing_hourbatch (hour, first_pot_id, last_pot_id, planned_at, charges)
SELECT %(hour)s, min(pot_id), max(pot_id), %(at)s, 0
  FROM (SELECT o.pot_id, (row_number() OVER (ORDER BY o.pot_id) - 1) / %(size)s AS batch
          FROM ({_OPEN.replace("%(before)s", "%(hour)s + interval '1 hour'")}) o
         WHERE o.first = %(hour)s) p
 WHERE NOT EXISTS (SELECT FROM billing_hourbatch b
                    WHERE b.hour = %(hour)s AND b.charged_at IS NULL)
 GROUP BY batch"""  # noqa: S608

# MATERIALIZED: as a plain sub-select, one update once claimed every batch and left most
# of them uncharged (performance.md A, claim trap).
_CLAIM: Final = """
WITH free AS MATERIALIZED (
  SELECT id FROM billing_hourbatch
   WHERE hour = %(hour)s AND charged_at IS NULL ORDER BY id LIMIT 1 {locking})
UPDATE billing_hourbatch b SET charged_at = %(at)s
  FROM free WHERE b.id = free.id AND b.charged_at IS NULL
RETURNING b.id, b.first_pot_id, b.last_pot_id"""

_POTS_IN: Final = f"""
SELECT o.pot_id
  FROM ({_OPEN.replace("%(before)s", "%(hour)s + interval '1 hour'")}
        AND b.pot_id BETWEEN %(first)s AND %(last)s) o
 WHERE o.first = %(hour)s ORDER BY o.pot_id"""  # noqa: S608

# Subscriptions and rates are read from their covering indexes alone, pot by pot. The
# newest rate that began before the hour's end is the hour's, if it still holds: asked
# like that, a batch costs index look-ups instead of a scan of all subscriptions.
_RATED: Final = """
  SELECT s.id, s.fund_pot_id, p.tenant_id, p.currency, h.hour, u.seconds,
         r.id AS rate_id, r.price_version_id, round(r.per_second * u.seconds, 6) AS amount
    FROM funds_potbalance b
    JOIN funds_pot p ON p.id = b.pot_id
    JOIN billing_subscription s ON s.fund_pot_id = b.pot_id AND {used}
   CROSS JOIN LATERAL {hours} AS h (hour)
   CROSS JOIN LATERAL (
         SELECT public.billing_seconds(h.hour, s.billed_from, s.billed_until) AS seconds) u
    LEFT JOIN LATERAL (
         SELECT r.id, r.price_version_id, r.per_second, r.valid_until FROM billing_rate r
          WHERE r.subscription_id = s.id AND r.valid_from < h.hour + interval '1 hour'
          ORDER BY r.valid_from DESC LIMIT 1) r ON coalesce(r.valid_until > h.hour, true)"""

_CHARGE_RATED: Final = _RATED.format(
    used=_USED.format(start="%(hour)s", end="%(hour)s + interval '1 hour'"),
    hours="(SELECT %(hour)s::timestamptz)",
)
_CHARGE: Final = f"""
WITH rated AS MATERIALIZED ({_CHARGE_RATED}
   WHERE b.pot_id = ANY (%(pots)s::bigint[]) AND b.charged_through <= %(hour)s),
unpriced AS MATERIALIZED (SELECT DISTINCT fund_pot_id FROM rated WHERE rate_id IS NULL),
priced AS MATERIALIZED (
  SELECT * FROM rated WHERE fund_pot_id NOT IN (SELECT fund_pot_id FROM unpriced)),
written AS (
  INSERT INTO billing_charge (hour, subscription_id, fund_pot_id, tenant_id, rate_id,
                              seconds, price_version_id, amount)
  SELECT hour, id, fund_pot_id, tenant_id, rate_id, seconds, price_version_id, amount
    FROM priced ORDER BY id)
SELECT currency, sum(charges)::bigint, sum(amount), array_agg(fund_pot_id)
  FROM (SELECT currency, fund_pot_id, count(*) AS charges, sum(amount) AS amount
          FROM priced GROUP BY 1, 2) p GROUP BY currency
 UNION ALL
SELECT NULL, 0, 0, array_agg(fund_pot_id) FROM unpriced"""  # noqa: S608

_PREVIEW_RATED: Final = _RATED.format(
    used=_USED.format(start="b.charged_through", end="%(before)s"),
    hours="""generate_series(
         greatest(b.charged_through, date_trunc('hour', s.billed_from, 'UTC')),
         least(%(before)s, s.billed_until) - interval '1 second', interval '1 hour')""",
)
# From its first hour without a rate on, a fund account would be parked.
_PREVIEW: Final = f"""
WITH rated AS MATERIALIZED ({_PREVIEW_RATED}
   WHERE b.charged_through < %(before)s),
unpriced AS MATERIALIZED (
  SELECT fund_pot_id, min(hour) AS since FROM rated WHERE rate_id IS NULL GROUP BY 1),
priced AS (
  SELECT r.* FROM rated r LEFT JOIN unpriced u USING (fund_pot_id)
   WHERE u.since IS NULL OR r.hour < u.since)
SELECT currency, count(*), sum(amount), array_agg(DISTINCT fund_pot_id)
  FROM priced GROUP BY currency
 UNION ALL
SELECT NULL, 0, 0, array_agg(fund_pot_id) FROM unpriced"""  # noqa: S608
