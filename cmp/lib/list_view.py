"""What a list page shows, ready for the template: heads, rows, chips, count, pager."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cmp.lib.cells import Column, Row
from cmp.lib.display import Words, icon_html, money_html, zone_name
from cmp.lib.filters import Chip, ListFilters, query_without
from cmp.lib.money import Money


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the at most four figures above a page's content; `big` for the main one."""

    label: Words
    value: Words | Money
    note: Words = ""
    big: bool = False
    signed: bool = False

    @property
    def shown(self) -> Words:
        if isinstance(self.value, Money):
            return money_html(self.value, signed=self.signed)
        return self.value


class Sorting(NamedTuple):
    """The sort key in use and the one used when none is asked for."""

    key: str
    usual: str


class Head(NamedTuple):
    """The head of a column."""

    key: str
    label: str
    css: str
    sort: str
    url: str


class FilterProblem(NamedTuple):
    """A filter that was left out, and why."""

    field_id: str
    label: str
    message: str


class Pager(NamedTuple):
    """The two links under a list; an empty one leads nowhere."""

    first_word: str
    first_url: str
    last_word: str
    last_url: str


@dataclass
class ListView:
    """Everything `components/list.html` shows."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    filters: ListFilters
    query: QueryDict
    sorting: Sorting
    count: int
    count_max: int
    noun: Words
    before: str
    after: str
    problems: list[str] = field(default_factory=list)
    figures: Sequence[Figure] = ()
    totals: Sequence[tuple[Words, Sequence[Money]]] = ()
    can_be_sorted: bool = True

    @cached_property
    def heads(self) -> list[Head]:
        return [self._head(column) for column in self.columns]

    @cached_property
    def has_actions(self) -> bool:
        return any(row.actions for row in self.rows)

    @cached_property
    def body(self) -> SafeString:
        """The rows as HTML, joined here because a template takes four times as long."""
        return SafeString("".join(self._row(row) for row in self.rows))

    @cached_property
    def chips(self) -> list[Chip]:
        return self.filters.chips(self.query)

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters.active)

    @property
    def clear_url(self) -> str:
        return query_without(self.query, self.filters.filters)

    @property
    def own_query(self) -> str:
        """The query string of what is shown, without what is empty."""
        kept = self.query.copy()
        for name in [name for name, values in kept.lists() if not any(values)]:
            del kept[name]
        return f"?{kept.urlencode()}" if kept else ""

    @property
    def count_text(self) -> str:
        """`412 transactions`, or `10,000+ transactions`."""
        shown = (
            f"{self.count:,}" if self.count <= self.count_max else f"{self.count_max:,}+"
        )
        noun = self.noun % self.count if not isinstance(self.noun, str) else self.noun
        return f"{shown} {noun}"

    @property
    def export_url(self) -> str:
        return self._url(export="csv") if self.rows else ""

    @property
    def sort(self) -> str:
        """The sort key for the filter form to keep, empty for the usual one."""
        return "" if self.sorting.key == self.sorting.usual else self.sorting.key

    @property
    def filter_problems(self) -> list[FilterProblem]:
        form = self.filters.form
        return [
            FilterProblem(form[name].id_for_label, str(form[name].label), str(errors[0]))
            for name, errors in form.errors.items()
        ]

    @property
    def pager(self) -> Pager:
        before = self._url(cursor=self.before) if self.before else ""
        after = self._url(cursor=self.after) if self.after else ""
        return Pager(self._words[0], before, self._words[1], after)

    @property
    def _words(self) -> tuple[str, str]:
        key, descending = (
            self.sorting.key.removeprefix("-"),
            self.sorting.key.startswith("-"),
        )
        kinds = {column.key: column.kind for column in self.columns}
        if kinds.get(key) not in {"moment", "day"}:
            return _("Previous"), _("Next")
        return (_("Newer"), _("Older")) if descending else (_("Older"), _("Newer"))

    def _head(self, column: Column) -> Head:
        label = str(column.label)
        if column.kind == "moment":
            label = f"{label} ({zone_name()})"
        if not column.sort or not self.can_be_sorted:
            return Head(column.key, label, column.css_of_head, "", "")
        used = self.sorting.key
        state = {column.key: "ascending", f"-{column.key}": "descending"}.get(used, "")
        return Head(
            column.key, label, column.css_of_head, state, self._sort_url(column, used)
        )

    def _sort_url(self, column: Column, used: str) -> str:
        # Times and amounts are wanted newest and largest first, words from A.
        falls = column.kind in {"moment", "day", "money", "number"}
        first, second = column.key, f"-{column.key}"
        if falls:
            first, second = second, first
        return self._url(sort=second if used == first else first)

    def _url(self, **changes: str) -> str:
        query = self.query.copy()
        for name in ("cursor", "export"):
            query.pop(name, None)
        for name in [name for name, values in query.lists() if not any(values)]:
            del query[name]
        for name, value in changes.items():
            query[name] = value
        return f"?{query.urlencode()}"

    def _row(self, row: Row) -> str:
        own_id = f' id="{escape(row.element_id)}"' if row.element_id else ""
        cells = [
            self._cell(row, index, column) for index, column in enumerate(self.columns)
        ]
        if self.has_actions:
            cells.append(f'<td role="cell">{_menu(row)}</td>')
        return f'<tr role="row"{own_id}>{"".join(cells)}</tr>'

    def _cell(self, row: Row, index: int, column: Column) -> str:
        cell = row.cells[index]
        main: str = cell.main
        if row.url and column.card == "title":
            main = f'<a class="c-row" href="{escape(row.url)}">{main}</a>'
        small = f"<small>{cell.small}</small>" if cell.small else ""
        css = f' class="{column.css}"' if column.css else ""
        return f'<td role="cell"{css}>{main}{small}</td>'


def _menu(row: Row) -> str:
    if not row.actions:
        return ""
    label = escape(_("Actions for %(name)s") % {"name": row.name})
    items = "".join(
        f'<a class="dropdown-item" href="{escape(action.url)}"'
        f"{' data-prompt' if action.prompts else ''}>{escape(action.label)}</a>"
        for action in row.actions
    )
    return (
        f'<details class="c-menu"><summary class="c-icon-btn" aria-label="{label}">'
        f'{icon_html("more")}</summary><div class="dropdown-menu">{items}</div></details>'
    )
