"""The list framework over the audit log, whose rows anybody can make."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from cmp.lib import exports, lists

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
URL = "/admin/audit/"


@pytest.fixture
def sams(client: Client, sam: User) -> Client:
    client.force_login(sam)
    # Logging in may be audited itself; the tests count what they make.
    return client


def _entries(number: int, **fields: object) -> None:
    defaults = {"actor_name": "Sam", "verb": "tenant.created", "subject": "tenant:1"}
    AuditEntry.objects.bulk_create(
        AuditEntry(**{**defaults, "at": AT + timedelta(minutes=minute), **fields})
        for minute in range(number)
    )


def _get(client: Client, query: str = "", **headers: str):
    response = client.get(f"{URL}{query}", headers=headers)
    assert response.status_code == 200
    return response, response.content.decode()


def _rows(html: str) -> int:
    return html.count('<tr role="row"') - html.count("<thead")


def _fragment(target: str = "audit-results") -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}


def test_a_page_shows_25_rows_and_leads_on(sams: Client) -> None:
    _entries(26)

    first = sams.get(URL, {"q": "tenant.created"}).context["list"]
    second = sams.get(URL + first.pager.last_url).context["list"]

    assert (len(first.rows), first.count_text) == (25, "26 entries")
    assert (first.pager.first_word, first.pager.last_word) == ("Newer", "Older")
    assert first.pager.first_url == ""
    assert len(second.rows) == 1
    assert second.pager.last_url == ""
    # Filters stay with the page links.
    assert second.query["q"] == "tenant.created"


def test_the_count_stops_at_its_cap(sams: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "COUNT_MAX", 30)
    _entries(40)

    assert sams.get(URL).context["list"].count_text == "30+ entries"


def test_the_two_empty_states_differ(sams: Client) -> None:
    nothing_matches = _get(sams, "?q=no-such-word")[1]

    assert "Nothing matches" in nothing_matches
    assert "No entries yet" not in nothing_matches


def test_nothing_yet_says_what_the_list_is_for(client: Client, sam: User) -> None:
    client.force_login(sam)
    if AuditEntry.objects.exists():
        pytest.skip("log-ins are audited, so this list is never empty")

    assert "No entries yet" in _get(client)[1]


def test_filters_show_as_chips_that_can_be_removed(sams: Client) -> None:
    _entries(3)

    shown = sams.get(
        URL, {"q": "tenant", "from_day": "2026-11-22", "sort": "time"}
    ).context["list"]

    assert [(chip.text, chip.without) for chip in shown.chips] == [
        ("Search: tenant", "?from_day=2026-11-22&sort=time"),
        ("From: 22 Nov 2026", "?q=tenant&sort=time"),
    ]
    assert shown.clear_url == "?sort=time"


def test_both_ends_of_a_span_of_days_are_included(sams: Client, sam: User) -> None:
    sam.time_zone = "Asia/Dubai"
    sam.save()
    for hour in (19, 20, 43, 44):
        _entries(
            1, at=datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=hour), reason="x"
        )

    day = sams.get(URL, {"q": "x", "from_day": "2026-11-22", "to_day": "2026-11-22"})

    # 22 November in Dubai lasts from 20:00 to 20:00 UTC.
    assert [row.cells[0].plain for row in day.context["list"].rows] == [
        "2026-11-22T23:00:00+04:00",
        "2026-11-22T00:00:00+04:00",
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?from_day=31-31-31", "Enter a day such as 2026-11-22."),
        ("?from_day=0001-01-01", "Enter a day between 2000 and 2199."),
        ("?to_day=9999-12-31", "Enter a day between 2000 and 2199."),
        ("?from_day=1e40", "Enter a day such as 2026-11-22."),
        ("?from_day=NaN", "Enter a day such as 2026-11-22."),
        ("?from_day=2026-11-22&to_day=2026-11-21", "must not lie before"),
        ("?q=%00", "Null characters are not allowed."),
        ("?q=" + "x" * 201, "at most 200 characters"),
        ("?sort=salary", "cannot be sorted that way"),
        ("?sort=-verb", "cannot be sorted that way"),
        ("?cursor=abc", "no longer valid"),
        ("?cursor=%00", "no longer valid"),
    ],
)
def test_what_cannot_be_meant_is_named_and_left_out(
    sams: Client, query: str, message: str
) -> None:
    _entries(2)

    response, html = _get(sams, query)

    assert message in html
    assert len(response.context["list"].rows) >= 1


def test_days_may_be_typed_in_arabic_digits(sams: Client) -> None:
    _entries(1)

    shown = sams.get(URL, {"from_day": "٢٠٢٦-١١-٢٢", "q": "tenant"}).context["list"]

    assert shown.filter_problems == []
    assert len(shown.rows) == 1


def test_heads_say_how_the_list_is_sorted(sams: Client) -> None:
    _entries(2)

    html = _get(sams)[1]
    ascending = _get(sams, "?sort=time")[1]

    assert html.count('aria-sort="descending"') == 1
    assert "Time (UTC)" in html
    assert 'href="?sort=time"' in html
    assert ascending.count('aria-sort="ascending"') == 1
    assert 'href="?sort=-time"' in ascending


def test_htmx_gets_the_list_alone_and_a_clean_address(sams: Client) -> None:
    _entries(1)

    response, html = _get(sams, "?q=tenant&from_day=", **_fragment())

    assert "<html" not in html
    assert 'data-announce="1 entry"' in html
    assert response["HX-Push-Url"] == "/admin/audit/?q=tenant"
    assert {"HX-Request", "HX-Target"} <= set(response["Vary"].split(", "))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HX-Request": "true", "HX-Target": "prompt"},
        {"HX-Request": "true", "HX-Target": "audit", "HX-History-Restore-Request": "true"},
        {"HX-Request": "true", "HX-Target": "audit", "HX-Boosted": "true"},
    ],
)
def test_everybody_else_gets_the_page(sams: Client, headers: dict[str, str]) -> None:
    assert "<html" in _get(sams, "", **headers)[1]


def test_rows_link_and_escape_what_people_typed(sams: Client) -> None:
    _entries(1, verb="<script>alert(1)</script>", actor_name='"><img src=x>')

    html = _get(sams, "?q=script")[1]

    assert "<script>alert" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</a>" in html
    assert 'class="c-row"' in html


def _csv(response) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_the_export_holds_all_filtered_rows_in_order(
    sams: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_EXPORT_CHUNK", 7)
    _entries(30, reason="=HYPERLINK(1)")
    _entries(1, verb="other.verb")

    response = sams.get(URL, {"q": "tenant.created", "sort": "time", "export": "csv"})
    head, *lines = _csv(response)

    assert head == ["Time", "What", "Reason", "Subject", "Who", "From where", "Tenant"]
    assert len(lines) == 30
    assert [line[0] for line in lines] == [
        (AT + timedelta(minutes=minute)).isoformat() for minute in range(30)
    ]
    assert lines[0][1:4] == ["tenant.created", "'=HYPERLINK(1)", "tenant:1"]


def test_an_export_too_long_is_refused_rather_than_cut(
    sams: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "ROWS_MAX", 5)
    _entries(6)

    html = _get(sams, "?q=tenant&export=csv")[1]

    assert "A file holds at most 5 rows." in html


def test_an_export_is_refused_while_a_filter_is_wrong(sams: Client) -> None:
    _entries(2)

    response, html = _get(sams, "?from_day=soon&export=csv")

    assert "Enter a day such as 2026-11-22." in html
    assert response["Content-Type"].startswith("text/html")


def test_the_export_needs_the_permission_of_the_page(client: Client, tina: User) -> None:
    client.force_login(tina)

    response = client.get(URL, {"export": "csv"})

    assert response.status_code == 403


def test_a_long_list_takes_as_many_queries_as_a_short_one(
    sams: Client, django_assert_max_num_queries: object
) -> None:
    _entries(60)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        sams.get(reverse("accounts_admin:list-audit"))
