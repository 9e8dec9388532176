"""The first rows of a list as part of another page, such as a dashboard or a detail page.

    context = {"orders": latest(request, ORDERS, queries.orders_of(…), url=all_orders_url)}

    {% include "components/latest.html" with latest=orders %}

Rows, columns and cards are those of the list; heads do not sort, and *See all* leads to
the list itself.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict

from cmp.lib.filters import ListFilters
from cmp.lib.list_view import ListView, Sorting
from cmp.lib.lists import COUNT_MAX, ListSpec, RowScope

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Latest:
    """What `components/latest.html` shows."""

    spec: ListSpec[Any]
    list: ListView
    url: str


def latest(
    request: HttpRequest,
    spec: ListSpec[M],
    queryset: QuerySet[M],
    *,
    url: str,
    size: int = 5,
) -> Latest:
    """The first `size` rows in the list's usual order."""
    items = list(queryset.order_by(*spec.default_order.fields)[:size])
    scope = RowScope(request, spec.load(items, request))
    shown = ListView(
        name=spec.name,
        columns=spec.columns,
        rows=[spec.row(item, scope) for item in items],
        filters=ListFilters(None, queryset),
        query=QueryDict(),
        sorting=Sorting(spec.sort, spec.sort),
        count=len(items),
        count_max=COUNT_MAX,
        noun=spec.noun,
        before="",
        after="",
        can_be_sorted=False,
    )
    return Latest(spec, shown, url)
