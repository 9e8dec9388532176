"""Hours: the grid on which use is charged. All instants are aware and UTC inside."""

from datetime import UTC, datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)


def hour_floor(at: datetime) -> datetime:
    """The start of the clock hour (UTC) that contains `at`."""
    assert at.tzinfo is not None, "instants are aware"
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def whole_second(at: datetime) -> datetime:
    """`at` without its fraction of a second; use is counted in whole seconds."""
    assert at.tzinfo is not None, "instants are aware"
    return at.astimezone(UTC).replace(microsecond=0)
