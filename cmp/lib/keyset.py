"""Paging that costs the same on every page: after the last row, not after N rows.

A page is found by comparing the pair (sort value, id) with that of the row at its edge,
so rows that arrive or vanish meanwhile are neither shown twice nor skipped, and a
composite index answers page 10,000 as fast as page 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from django.core import signing
from django.db.models import (
    BooleanField,
    Expression,
    F,
    Field,
    Func,
    Model,
    QuerySet,
    Value,
)
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)


class BadCursor(ValueError):
    """The place to go on from was not written by us, or for another list."""


@dataclass(frozen=True, slots=True)
class Order:
    """A sort order: the expression's name and its direction, ties broken by id.

    The expression must never be NULL (`Coalesce` it in an annotation if it can be):
    nothing compares with NULL, so such rows would fall between two pages.
    """

    by: str
    descending: bool = False

    def reversed(self) -> Order:
        return Order(self.by, not self.descending)

    @property
    def fields(self) -> list[str]:
        sign = "-" if self.descending else ""
        return [f"{sign}{self.by}", f"{sign}pk"]


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows in order, and the cursors of the pages before and after, if any."""

    rows: Sequence[M]
    before: str = ""
    after: str = ""


class RowComparison(Func):
    """`(a, b) < (x, y)`: the row-wise comparison that a composite index can serve."""

    output_field: ClassVar[Field[Any, Any]] = BooleanField()

    def __init__(self, *expressions: Any, operator: str = "<") -> None:
        super().__init__(*expressions, operator=operator)

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: Any, **_extra: Any
    ) -> tuple[str, list[Any]]:
        parts = [compiler.compile(e) for e in self.get_source_expressions()]
        half = len(parts) // 2
        left = ", ".join(sql for sql, _ in parts[:half])
        right = ", ".join(sql for sql, _ in parts[half:])
        params = [param for _, own in parts for param in own]
        return f"({left}) {self.extra['operator']} ({right})", params


def page_of(
    queryset: QuerySet[M], order: Order, *, size: int, salt: str, cursor: str = ""
) -> Page[M]:
    """Up to `size` rows of `queryset` at `cursor`; an empty cursor means the first page.

    Raises `BadCursor` for a cursor that `page_of` did not write for this salt and order.
    """
    if not cursor:
        return _first_page(queryset, order, size, salt)
    going_back, value, pk = _read(cursor, salt, order)
    way = order.reversed() if going_back else order
    found = list(beyond(queryset, way, value, pk)[: size + 1])
    rows, more = found[:size], len(found) > size
    if not rows or (going_back and not more):
        # The start was reached: show it as a full page, whatever arrived meanwhile.
        return _first_page(queryset, order, size, salt)
    if going_back:
        rows.reverse()
    return Page(
        rows,
        before=_write(rows[0], salt, order, going_back=True),
        after=_write(rows[-1], salt, order) if going_back or more else "",
    )


def beyond(queryset: QuerySet[M], order: Order, value: Any, pk: Any) -> QuerySet[M]:
    """The rows after (value, pk) in `order`."""
    field = _field_of(queryset, order.by)
    comparison = RowComparison(
        F(order.by),
        F("pk"),
        Value(value, output_field=field),
        Value(pk, output_field=queryset.model._meta.pk),
        operator="<" if order.descending else ">",
    )
    return queryset.filter(comparison).order_by(*order.fields)


def edge_of(row: Model, order: Order) -> tuple[Any, Any]:
    """The pair (sort value, id) of a row."""
    value: Any = row
    for name in order.by.split("__"):
        value = getattr(value, name)
    assert value is not None, f"cannot page by {order.by}: it can be NULL"
    return value, row.pk


def _first_page(queryset: QuerySet[M], order: Order, size: int, salt: str) -> Page[M]:
    found = list(queryset.order_by(*order.fields)[: size + 1])
    rows = found[:size]
    more = len(found) > size
    return Page(rows, after=_write(rows[-1], salt, order) if more else "")


def _field_of(queryset: QuerySet[Any], name: str) -> Field[Any, Any]:
    # On a copy, because resolving a path joins its tables.
    resolved: Expression = F(name).resolve_expression(queryset.query.clone())
    return resolved.output_field


def _write(row: Model, salt: str, order: Order, *, going_back: bool = False) -> str:
    value, pk = edge_of(row, order)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    # Signed, so that only values which the database once gave come back to it.
    return signing.Signer(salt=_salt(salt, order)).sign_object(
        [int(going_back), text, str(pk)]
    )


def _read(cursor: str, salt: str, order: Order) -> tuple[bool, str, Any]:
    try:
        going_back, value, pk = signing.Signer(salt=_salt(salt, order)).unsign_object(
            cursor
        )
    except (signing.BadSignature, ValueError) as error:
        raise BadCursor("This page link is no longer valid.") from error
    return bool(going_back), value, pk


def _salt(salt: str, order: Order) -> str:
    return f"keyset:{salt}:{order.fields[0]}"
