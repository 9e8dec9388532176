"""Periods of a calendar, computed in the tenant's zone and stored as UTC instants."""

import calendar
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def add_months(at: datetime, months: int, zone: str) -> datetime:
    """The same local day and time `months` later, or the last day of a shorter month.

    Compute every period from the anchor, never from the previous end: 31 January plus
    one month is 28 February, plus two months is 31 March.
    """
    assert at.tzinfo is not None, "instants are aware"
    local = at.astimezone(ZoneInfo(zone))
    years, month_index = divmod(local.month - 1 + months, 12)
    year, month = local.year + years, month_index + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day).astimezone(UTC)
