"""How amounts, times and states look: formatted once, in Python, for pages and lists.

Templates use the tags of `{% load cmp %}`, list rows use these functions. Amounts
are always `<bdi dir="ltr">` with their currency, times are in the viewer's zone. HTML is
put together from strings because lists do it hundreds of times a page; what is not ours
is escaped.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Final

from django.templatetags.static import static
from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString

from cmp.lib.money import USAGE_DECIMALS, Money, exponent, round_half_up

Words = str | Promise
MINUS: Final = "\N{MINUS SIGN}"


class Tone(StrEnum):
    """What a state means to the reader; decides colour and icon."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    INFO = "info"
    IDLE = "idle"


_TONE_ICONS: Final = {
    Tone.OK: "ok",
    Tone.WARN: "warn",
    Tone.BAD: "bad",
    Tone.INFO: "clock",
    Tone.IDLE: "info",
}


@dataclass(frozen=True, slots=True)
class State:
    """A state as people read it: a word, a tone, an icon; never colour alone."""

    word: Words
    tone: Tone = Tone.IDLE
    icon: str = ""


def state_html(state: State) -> SafeString:
    icon = icon_html(state.icon or _TONE_ICONS[state.tone])
    return SafeString(
        f'<span class="c-state c-{state.tone}">{icon}{escape(state.word)}</span>'
    )


def amount_text(money: Money, *, signed: bool = False, exact: bool = False) -> str:
    """The number of an amount: `1,234.50`, `−11.93`, with `signed` also `+20.00`.

    Shows the decimals of the currency; `exact` shows six. An amount that would look like
    zero but is not shows six as well, so that no screen denies money that exists.
    """
    digits = exponent(money.currency)
    shown = round_half_up(money.amount, digits)
    if exact or (not shown and money.amount):
        shown = round_half_up(money.amount, max(digits, USAGE_DECIMALS))
    sign = MINUS if shown < 0 else "+" if signed and shown > 0 else ""
    return f"{sign}{abs(shown):,f}"


def money_html(money: Money, *, signed: bool = False, exact: bool = False) -> SafeString:
    """An amount with its currency; signed amounts that come in are coloured as well."""
    tone = " c-in" if signed and money.amount > 0 else ""
    return SafeString(
        f'<bdi dir="ltr" class="c-money{tone}"><span class="c-cur">{money.currency}</span>'
        f"&nbsp;{amount_text(money, signed=signed, exact=exact)}</bdi>"
    )


def day_text(day: date) -> str:
    """`22 Nov 2026` in the viewer's language."""
    return f"{day.day} {str(MONTHS_3[day.month]).title()} {day.year}"


def moment_text(at: datetime) -> str:
    """`22 Nov 2026, 14:00` in the viewer's zone."""
    local = timezone.localtime(at)
    return f"{day_text(local)}, {local:%H:%M}"


def moment_html(at: datetime) -> SafeString:
    """An instant in the viewer's zone, its exact value on demand."""
    local = timezone.localtime(at)
    iso = local.isoformat(timespec="seconds")
    return SafeString(
        f'<time datetime="{iso}" title="{iso}"><bdi>{escape(day_text(local))}</bdi>, '
        f"{local:%H:%M}</time>"
    )


def zone_name() -> str:
    """The viewer's zone as column heads name it: `UTC`, `CET`, `GMT+4`."""
    name = timezone.localtime().tzname() or "UTC"
    if name[:1] not in "+-":
        return name
    # Zones without letters of their own are named by their distance, as people say it.
    hours, minutes = name[1:3].lstrip("0") or "0", name[3:5]
    return f"GMT{name[0]}{hours}" + (f":{minutes}" if minutes.strip("0") else "")


def icon_html(name: str, *, flips: bool = False) -> SafeString:
    """An icon of the sprite; `flips` for those that point somewhere."""
    turn = " c-flip" if flips else ""
    use = f'<use href="{_sprite()}#{name}"></use>'
    return SafeString(f'<svg class="icon{turn}" aria-hidden="true">{use}</svg>')


def plain_amount(amount: Decimal) -> str:
    """An amount for machines: a point, no grouping, no exponent."""
    return f"{amount:f}"


@cache
def _sprite() -> str:
    return escape(static("icons.svg"))
