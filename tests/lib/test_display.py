from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from cmp.lib import display
from cmp.lib.display import State, Tone
from cmp.lib.money import Money


@pytest.mark.parametrize(
    ("amount", "currency", "plain", "signed"),
    [
        ("1234.5", "USD", "1,234.50", "+1,234.50"),
        ("-11.930800", "AED", "−11.93", "−11.93"),
        ("0.005", "USD", "0.01", "+0.01"),
        ("0.004999", "USD", "0.004999", "+0.004999"),
        ("-0.000001", "USD", "−0.000001", "−0.000001"),
        ("0", "USD", "0.00", "0.00"),
        ("-0.00", "USD", "0.00", "0.00"),
        ("1234567", "JPY", "1,234,567", "+1,234,567"),
        ("1.2345", "KWD", "1.235", "+1.235"),
    ],
)
def test_amounts(amount: str, currency: str, plain: str, signed: str) -> None:
    money = Money(Decimal(amount), currency)

    assert display.amount_text(money) == plain
    assert display.amount_text(money, signed=True) == signed


def test_exact_amounts_have_six_decimals() -> None:
    money = Money(Decimal("11.9308"), "USD")

    assert display.amount_text(money, exact=True) == "11.930800"


def test_an_amount_keeps_its_direction_in_right_to_left_pages() -> None:
    html = display.money_html(Money(Decimal("20"), "USD"), signed=True)

    assert html == (
        '<bdi dir="ltr" class="c-money c-in"><span class="c-cur">USD</span>'
        "&nbsp;+20.00</bdi>"
    )


def test_times_are_in_the_viewers_zone_and_exact_on_demand() -> None:
    at = datetime(2026, 11, 22, 21, 30, 7, tzinfo=UTC)

    with timezone.override(ZoneInfo("Asia/Dubai")):
        assert display.moment_text(at) == "23 Nov 2026, 01:30"
        assert 'title="2026-11-23T01:30:07+04:00"' in display.moment_html(at)
        assert display.zone_name() == "GMT+4"
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        assert display.zone_name() == "IST"
    with timezone.override(ZoneInfo("Asia/Kathmandu")):
        assert display.zone_name() == "GMT+5:45"


def test_days_are_in_the_viewers_language() -> None:
    assert display.day_text(date(2026, 5, 1)) == "1 May 2026"
    with translation.override("ar"):
        assert display.day_text(date(2026, 11, 22)) == "22 نوفمبر 2026"


def test_a_state_is_a_word_an_icon_and_a_tone() -> None:
    html = display.state_html(State("Paid & done", Tone.OK))

    assert 'class="c-state c-ok"' in html
    assert '#ok"' in html
    assert "Paid &amp; done" in html
