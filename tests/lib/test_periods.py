from datetime import UTC, datetime

import pytest

from cmp.lib.clock import hour_floor, whole_second
from cmp.lib.periods import add_months


@pytest.mark.parametrize(
    ("months", "end"),
    [(1, "2026-02-28"), (2, "2026-03-31"), (3, "2026-04-30"), (13, "2027-02-28")],
)
def test_months_are_counted_from_the_anchor(months: int, end: str) -> None:
    anchor = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

    assert add_months(anchor, months, "UTC") == datetime.fromisoformat(
        f"{end}T09:30:00+00:00"
    )


def test_a_month_keeps_the_local_time_across_summer_time() -> None:
    anchor = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)  # 09:00 in Berlin, winter time

    assert add_months(anchor, 1, "Europe/Berlin") == datetime(2026, 4, 15, 7, 0, tzinfo=UTC)


def test_the_hour_is_floored_on_the_utc_grid() -> None:
    half_past_in_kolkata = datetime.fromisoformat("2026-11-22T10:45:10+05:30")

    assert hour_floor(half_past_in_kolkata) == datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def test_use_is_counted_in_whole_seconds() -> None:
    assert whole_second(datetime(2026, 1, 1, 0, 0, 9, 999_999, tzinfo=UTC)) == datetime(
        2026, 1, 1, 0, 0, 9, tzinfo=UTC
    )
