"""List pages: declare the columns, format each row once, get everything else.

This is the contract for every list screen of both portals. A list is a `ListSpec`, kept
beside its view (`<app>/lists.py` when there are several), and a view of a few lines:

    class OrderFilters(ListFilters):
        q = SearchFilter(contains=["name"], numbers={"OR": "id"})
        state = ChoiceFilter(choices=Order.State.choices, label=_("State"))
        from_day = DayFromFilter("created_at", label=_("From"))
        to_day = DayToFilter("created_at", label=_("To (inclusive)"))
        pairs = (("from_day", "to_day"),)

    def _row(order: Order, scope: RowScope) -> Row:
        return Row(
            url=reverse("billing:view-order", args=[scope.request.tenant.slug, order.pk]),
            name=order.number,
            cells=[
                cells.text(order.name, small=order.number),
                cells.state(order.state_shown),          # display.State(word, tone)
                cells.money(scope.loaded[order.pk]),     # Money; signed=True for changes
                cells.moment(order.created_at),
            ],
        )

    ORDERS: ListSpec[Order] = ListSpec(
        name="orders",                                   # element ids, file name
        title=_("Orders"),
        purpose=_("What was requested, and what became of it."),
        noun=ngettext_lazy("order", "orders"),
        columns=[
            Column("name", _("Order"), card="title", sort="name", small=_("Number")),
            Column("state", _("State"), kind="state", card="state"),
            Column("price", _("Price"), kind="money", card="amount"),
            Column("created", _("Created"), kind="moment", card="note", sort="created_at"),
        ],
        sort="-created",                                 # a column's key; "-" = descending
        row=_row,
        load=lambda orders, request: queries.prices_of([o.pk for o in orders]),
        filters=OrderFilters,
        empty=Empty(_("No orders yet"), _("What you request is listed here.")),
    )

    @require_GET
    @user_view(Permission.VIEW_ORDERS)
    def list_orders(request: UserRequest) -> HttpResponseBase:
        add = Action(_("Request instance"), url, icon="plus", primary=True)
        return list_page(request, ORDERS, queries.orders_visible_to(...), actions=[add])

What comes with it: search and filters in the URL (a form without JavaScript, htmx with
it), chips, *Clear all*, a count capped at 10,000+, sortable heads, keyset paging (by the
sorted column and id; `sort` must never be NULL), whole-row links, one row menu, cards
below 600 px, both empty states, and `?export=csv` of all filtered rows with the same
permission, because it is the same view. Bad filter values, cursors and sort keys are
named on the page and left out; they are never an error page.

`queryset` comes from the app's queries and is already limited to what the viewer may
see; give it `select_related` for what `row` reads, and leave it unordered. `load` gets
the rows of one page at a time and returns whatever `row` needs from further tables.
`figures` (at most four, above the list) and `totals` (one line under it, one `Money` per
currency) get the filtered queryset. The page is `templates/components/list_page.html`;
a page with more around its list extends that and is named by `template`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from cmp.lib import exports
from cmp.lib.cells import Action, Cell, Column, Row
from cmp.lib.display import Words
from cmp.lib.filters import ListFilters
from cmp.lib.keyset import BadCursor, Order, Page, beyond, edge_of, page_of
from cmp.lib.list_view import Figure, ListView, Sorting
from cmp.lib.money import Money

__all__ = [
    "Action",
    "Cell",
    "Column",
    "Empty",
    "Figure",
    "ListSpec",
    "Row",
    "RowScope",
    "list_page",
]

M = TypeVar("M", bound=Model)
COUNT_MAX: Final = 10_000
_EXPORT_CHUNK: Final = 1_000


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list says while there is nothing: what it is for, and how to start."""

    title: Words
    text: Words


@dataclass(frozen=True, slots=True)
class RowScope:
    """What a row is formatted with: the request, and what `load` returned."""

    request: Any
    loaded: Any


@dataclass(frozen=True, kw_only=True)
class ListSpec(Generic[M]):
    """A list page, declared; the module says how."""

    name: str
    title: Words
    purpose: Words
    noun: Words
    columns: Sequence[Column]
    row: Callable[[M, RowScope], Row]
    empty: Empty
    sort: str
    filters: type[ListFilters] = ListFilters
    load: Callable[[Sequence[M], Any], Any] = lambda _items, _request: None
    figures: Callable[[QuerySet[M], Any], Sequence[Figure]] = lambda _queryset, _request: ()
    totals: Callable[[QuerySet[M], Any], Sequence[tuple[Words, Sequence[Money]]]] = (
        lambda _queryset, _request: ()
    )
    size: int = 25
    template: str = "components/list_page.html"

    def order(self, key: str) -> Order | None:
        """The order that a `sort` parameter asks for, or None if no column has it."""
        bare = key.removeprefix("-")
        for column in self.columns:
            if column.key == bare and column.sort:
                return Order(column.sort, key.startswith("-"))
        return None

    @property
    def default_order(self) -> Order:
        order = self.order(self.sort)
        assert order is not None, f"{self.name}: no sortable column for {self.sort}"
        return order


@dataclass
class _Reading(Generic[M]):
    """One reading of a list: what was asked for, what of it holds."""

    request: HttpRequest
    spec: ListSpec[M]
    filters: ListFilters
    problems: list[str] = field(default_factory=list)
    sort: str = ""
    order: Order = field(init=False)

    def __post_init__(self) -> None:
        asked = self.request.GET.get("sort", "")
        order = self.spec.order(asked)
        if asked and order is None:
            self.problems.append(_("This list cannot be sorted that way; it is as usual."))
        self.sort = asked if order else self.spec.sort
        self.order = order or self.spec.default_order

    @property
    def queryset(self) -> QuerySet[M]:
        return self.filters.qs

    def page(self) -> Page[M]:
        cursor = self.request.GET.get("cursor", "")
        spec, rows = self.spec, self.queryset
        try:
            return page_of(rows, self.order, size=spec.size, salt=spec.name, cursor=cursor)
        except BadCursor:
            self.problems.append(
                _("That page of the list is no longer valid; the list starts anew.")
            )
            return page_of(rows, self.order, size=spec.size, salt=spec.name)

    def rows(self, items: Sequence[M]) -> list[Row]:
        scope = RowScope(self.request, self.spec.load(items, self.request))
        return [self.spec.row(item, scope) for item in items]

    def count(self, page: Page[M]) -> int:
        """How many rows match; a page without neighbours knows by itself."""
        is_all = not page.before and not page.after
        return len(page.rows) if is_all else self.count_to(COUNT_MAX)

    def count_to(self, most: int) -> int:
        """How many rows match, counting no further than one past `most`."""
        return self.queryset.order_by().values("pk")[: most + 1].count()


def list_page(
    request: HttpRequest,
    spec: ListSpec[M],
    queryset: QuerySet[M],
    *,
    actions: Sequence[Action] = (),
    context: Mapping[str, Any] | None = None,
) -> HttpResponseBase:
    """The list as a page, as a fragment for htmx, or (`?export=csv`) as a file."""
    filters = spec.filters(request.GET, queryset, request=request)
    reading = _Reading(request, spec, filters)
    view = _view_of(reading)
    if request.GET.get("export") == "csv" and not (view.problems or view.filter_problems):
        if reading.count_to(exports.ROWS_MAX) <= exports.ROWS_MAX:
            return _export(reading)
        view.problems.append(_too_many_to_export())
    values = {**(context or {}), "list": view, "spec": spec, "actions": actions}
    return _render(request, spec, view, values)


def _view_of(reading: _Reading[M]) -> ListView:
    spec, request = reading.spec, reading.request
    queryset = reading.queryset
    page = reading.page()
    return ListView(
        name=spec.name,
        columns=spec.columns,
        rows=reading.rows(page.rows),
        filters=reading.filters,
        query=request.GET,
        sorting=Sorting(reading.sort, spec.sort),
        count=reading.count(page),
        count_max=COUNT_MAX,
        noun=spec.noun,
        before=page.before,
        after=page.after,
        problems=reading.problems,
        figures=spec.figures(queryset, request),
        totals=spec.totals(queryset, request),
    )


def _render(
    request: HttpRequest, spec: ListSpec[M], view: ListView, values: dict[str, Any]
) -> HttpResponseBase:
    htmx: Any = request.htmx  # type: ignore[attr-defined]
    is_fragment = htmx.target and htmx.target.startswith(spec.name) and not htmx.boosted
    if not is_fragment or htmx.history_restore_request:
        response = render(request, spec.template, values)
    else:
        response = render(request, "components/list.html", values)
        response["HX-Push-Url"] = request.path + view.own_query
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _export(reading: _Reading[M]) -> HttpResponseBase:
    columns = reading.spec.columns
    head = [text for column in columns for text in _export_heads(column)]
    day = timezone.localdate().isoformat()
    return exports.csv_response(
        name=f"{reading.spec.name}-{day}", head=head, rows=_export_rows(reading)
    )


def _export_heads(column: Column) -> Iterator[str]:
    yield str(column.label)
    if column.kind == "money":
        yield _("%(column)s (currency)") % {"column": column.label}
    if column.small:
        yield str(column.small)


def _export_rows(reading: _Reading[M]) -> Iterator[list[object]]:
    """All filtered rows, a page at a time, so that no cursor or transaction stays open."""
    zone, language = timezone.get_current_timezone(), translation.get_language()
    columns, queryset, order = reading.spec.columns, reading.queryset, reading.order
    items = list(queryset.order_by(*order.fields)[:_EXPORT_CHUNK])
    while items:
        # The request is over when the file streams, and with it the viewer's zone.
        with timezone.override(zone), translation.override(language):
            lines = [_export_line(columns, row) for row in reading.rows(items)]
        yield from lines
        value, pk = edge_of(items[-1], order)
        items = list(beyond(queryset, order, value, pk)[:_EXPORT_CHUNK])


def _export_line(columns: Sequence[Column], row: Row) -> list[object]:
    line: list[object] = []
    for column, cell in zip(columns, row.cells, strict=True):
        values = exports.columns_of(cell.plain)
        wanted = 2 if column.kind == "money" else 1
        line.extend((*values, "", "")[:wanted])
        if column.small:
            line.append(cell.plain_small)
    return line


def _too_many_to_export() -> str:
    most = f"{exports.ROWS_MAX:,}"
    return _("A file holds at most %(most)s rows. Narrow the filters and export again.") % {
        "most": most
    }
