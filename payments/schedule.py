"""When to ask a gateway what became of a payment that nobody reported."""

from datetime import datetime, timedelta
from typing import Final

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

# After the payer was sent to the gateway (reliability.md 2.7).
OFFSETS: Final = (
    1 * _MINUTE,
    3 * _MINUTE,
    10 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    12 * _HOUR,
    24 * _HOUR,
    72 * _HOUR,
)
GIVES_UP_AFTER: Final = OFFSETS[-1]
_LATER_EVERY: Final = 24 * _HOUR
_JITTER_MAX: Final = 0.1


def next_check(recharge_id: int, *, since: datetime, at: datetime) -> datetime:
    """The first check after `at`; missed ones are not caught up, one answer says it all."""
    for offset in OFFSETS:
        due = since + offset * (1 + _JITTER_MAX * _spread(recharge_id))
        if due > at:
            return due
    return at + _LATER_EVERY


def _spread(recharge_id: int) -> float:
    """From 0 to 1, fixed for each recharge, so that a burst is not asked as a burst."""
    return (recharge_id * 2_654_435_761 % 1_000) / 1_000
