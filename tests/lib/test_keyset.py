from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import AuditEntry
from cmp.lib.keyset import BadCursor, Order, page_of

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
NEWEST = Order("at", descending=True)


@pytest.fixture
def entries(db: None) -> list[AuditEntry]:
    """Seven entries, five of them of one instant, so that ties lie at page borders."""
    instants = [AT, *[AT + timedelta(hours=1)] * 5, AT + timedelta(hours=2)]
    return [
        AuditEntry.objects.create(at=at, actor_name="Sam", verb="v", subject=f"s:{number}")
        for number, at in enumerate(instants)
    ]


def _page(cursor: str = "", order: Order = NEWEST, size: int = 3):
    return page_of(AuditEntry.objects.all(), order, size=size, salt="t", cursor=cursor)


def _subjects(page) -> list[str]:
    return [row.subject for row in page.rows]


def test_every_row_is_shown_once_though_ties_lie_at_the_borders(entries: list) -> None:
    first = _page()
    second = _page(first.after)
    third = _page(second.after)

    assert _subjects(first) == ["s:6", "s:5", "s:4"]
    assert _subjects(second) == ["s:3", "s:2", "s:1"]
    assert _subjects(third) == ["s:0"]
    assert (first.before, third.after) == ("", "")


def test_going_back_shows_the_same_pages(entries: list) -> None:
    third = _page(_page(_page().after).after)

    second = _page(third.before)
    first = _page(second.before)

    assert _subjects(second) == ["s:3", "s:2", "s:1"]
    assert _subjects(first) == ["s:6", "s:5", "s:4"]
    assert first.before == ""


def test_a_row_that_arrives_meanwhile_shifts_no_page(entries: list) -> None:
    first = _page()

    AuditEntry.objects.create(at=AT + timedelta(days=1), verb="v", subject="s:new")

    assert _subjects(_page(first.after)) == ["s:3", "s:2", "s:1"]
    back = _page(_page(first.after).before)
    assert _subjects(back) == ["s:6", "s:5", "s:4"]
    # What arrived is one step further; the start is always a full page.
    assert _subjects(_page(back.before)) == ["s:new", "s:6", "s:5"]


def test_ascending_by_text_breaks_ties_by_id(entries: list) -> None:
    order = Order("verb")

    first = _page(order=order, size=4)

    assert _subjects(first) == ["s:0", "s:1", "s:2", "s:3"]
    assert _subjects(_page(first.after, order, size=4)) == ["s:4", "s:5", "s:6"]


def test_an_exact_last_page_offers_nothing_after_it(entries: list) -> None:
    first = _page(size=7)

    assert len(first.rows) == 7
    assert first.after == ""


@pytest.mark.parametrize(
    "cursor", ["x", "a:b", "W10:1234", "'; DROP TABLE x--", "\x00", "é"]
)
def test_a_cursor_that_is_not_ours_is_refused(entries: list, cursor: str) -> None:
    with pytest.raises(BadCursor):
        _page(cursor)


def test_a_cursor_of_another_order_or_list_is_refused(entries: list) -> None:
    cursor = _page().after

    with pytest.raises(BadCursor):
        _page(cursor, Order("at"))
    with pytest.raises(BadCursor):
        page_of(AuditEntry.objects.all(), NEWEST, size=3, salt="other", cursor=cursor)


def test_pages_are_found_by_one_row_comparison(
    entries: list, django_assert_num_queries: object
) -> None:
    first = _page()
    with django_assert_num_queries(1) as queries:  # type: ignore[operator]
        _page(first.after)

    sql = queries.captured_queries[0]["sql"]
    assert '("accounts_auditentry"."at", "accounts_auditentry"."id") < (' in sql
    assert "OFFSET" not in sql
