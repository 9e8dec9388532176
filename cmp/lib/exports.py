"""Lists as files: CSV that spreadsheets open without running anything in it."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from django.http import StreamingHttpResponse

from cmp.lib.display import plain_amount
from cmp.lib.money import Money

ROWS_MAX: Final = 50_000

# What spreadsheets take for the start of a formula, also in full width (OWASP).
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n＝＋－＠")
_NEGATIVE_NUMBER: Final = re.compile(r"-\d+(\.\d+)?", re.ASCII)
# Spreadsheets take a file for UTF-8 only if it says so.
_MARK: Final = "\ufeff"


class _Echo:
    """Gives back what is written, so that the csv module writes into a stream."""

    def write(self, value: str) -> str:
        return value


def csv_response(
    *, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """Stream rows as a CSV file called `name`.csv."""
    response = StreamingHttpResponse(
        csv_lines(head, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
    response["Cache-Control"] = "no-store"
    return response


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of the file; values that look like a formula become plain text."""
    writer = csv.writer(_Echo())
    yield _MARK + writer.writerow([_plain(value) for value in head])
    for row in rows:
        yield writer.writerow([_plain(value) for value in row])


def columns_of(value: object) -> tuple[object, ...]:
    """A value as export columns: money is its number and its currency."""
    if isinstance(value, Money):
        return value.amount, value.currency
    return (value,)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return plain_amount(value)
    text = str(value)
    if text.startswith(_FORMULA_STARTS) and not _NEGATIVE_NUMBER.fullmatch(text):
        return f"'{text}"
    return text
