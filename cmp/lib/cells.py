"""The cells of a list: each value formatted once, for the page and for the export.

cells.text("Logistics platform", small="FA-1042 · prepaid")
cells.money(balance)            cells.money(change, signed=True)
cells.moment(order.created_at)  cells.state(State(_("Active"), Tone.OK))
cells.code("T-1048213")         cells.nothing()
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString

from cmp.lib import display
from cmp.lib.display import State, Words
from cmp.lib.money import Money

Kind = Literal["text", "code", "number", "money", "moment", "day", "state"]
Place = Literal["", "title", "amount", "note", "state", "more"]

# Where a cell stands when the row becomes a card on a phone (static/css/list.css).
_PLACES: Final[dict[str, str]] = {
    "title": "m-a",
    "amount": "m-b",
    "note": "m-c",
    "state": "m-d",
    "more": "m-e",
}
_NO_HTML: Final = SafeString()
_RIGHT: Final = frozenset({"number", "money"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: its head, how it sorts, exports and stands on a phone's card.

    `sort` is a field path or annotation that is never NULL; leave it empty for a column
    that cannot be sorted. `card` places the cell on the card; columns without one are
    left out there. `small` is the head in the export of the cells' second line; without
    it that line is not exported. A column of kind `money` exports as number and currency.
    """

    key: str
    label: Words
    kind: Kind = "text"
    sort: str = ""
    card: Place = ""
    small: Words = ""

    @property
    def is_number(self) -> bool:
        return self.kind in _RIGHT

    @property
    def css(self) -> str:
        """The classes of the column's cells."""
        narrow = {"code": "c-code", "moment": "c-nowrap", "day": "c-nowrap"}.get(
            self.kind, ""
        )
        classes = (_PLACES.get(self.card, ""), "num" if self.is_number else narrow)
        return " ".join(filter(None, classes))

    @property
    def css_of_head(self) -> str:
        return "num" if self.is_number else ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value, ready to show and to export."""

    main: SafeString
    plain: object
    small: SafeString = _NO_HTML
    plain_small: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do: with a row, or with a page (where `icon` and `primary` count)."""

    label: Words
    url: str
    icon: str = ""
    primary: bool = False
    prompts: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row: a cell for each column in order, where the row leads, what it offers."""

    cells: Sequence[Cell]
    url: str = ""
    name: str = ""
    actions: Sequence[Action] = ()
    element_id: str = ""


def text(main: object, small: object = "") -> Cell:
    return Cell(_html(main), str(main), _html(small), str(small))


def code(main: str, small: object = "") -> Cell:
    """A number or reference, isolated so that it reads the same in every direction."""
    return Cell(SafeString(f"<bdi>{escape(main)}</bdi>"), main, _html(small), str(small))


def number(value: int, small: object = "") -> Cell:
    return Cell(SafeString(f"{value:,}"), value, _html(small), str(small))


def money(value: Money, *, signed: bool = False, small: object = "") -> Cell:
    return Cell(display.money_html(value, signed=signed), value, _html(small), str(small))


def moment(at: datetime | None, small: object = "") -> Cell:
    if at is None:
        return nothing()
    plain = timezone.localtime(at).isoformat(timespec="seconds")
    return Cell(display.moment_html(at), plain, _html(small), str(small))


def day(on: date | None) -> Cell:
    if on is None:
        return nothing()
    return Cell(SafeString(f"<bdi>{escape(display.day_text(on))}</bdi>"), on.isoformat())


def state(value: State, small: object = "") -> Cell:
    return Cell(display.state_html(value), str(value.word), _html(small), str(small))


def link(label: object, url: str, small: object = "") -> Cell:
    """A link of its own, above the row's."""
    html = f'<a class="c-over" href="{escape(url)}">{escape(label)}</a>'
    return Cell(SafeString(html), str(label), _html(small), str(small))


def nothing() -> Cell:
    return Cell(SafeString("–"), "")


def _html(value: object) -> SafeString:
    return value if isinstance(value, SafeString) else SafeString(escape(value))
