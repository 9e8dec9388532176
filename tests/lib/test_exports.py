from decimal import Decimal

import pytest

from cmp.lib.exports import columns_of, csv_lines, csv_response
from cmp.lib.money import Money


def _line(*values: object) -> str:
    return list(csv_lines(["a"], [values]))[1]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+971 50 1234", "'+971 50 1234"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("＝1", "'＝1"),
        ("-12.50", "-12.50"),
        ("-0", "-0"),
        ("-1e5", "'-1e5"),
        ("Acme", "Acme"),
        (0, "0"),
    ],
)
def test_what_looks_like_a_formula_becomes_text(value: object, written: str) -> None:
    assert _line(value) == f"{written}\r\n"


def test_a_carriage_return_at_the_start_becomes_text() -> None:
    assert _line("\rx") == '"\'\rx"\r\n'


def test_quotes_and_commas_are_kept() -> None:
    assert _line('a "b", c', "d") == '"a ""b"", c",d\r\n'


def test_amounts_are_plain_numbers_with_their_currency() -> None:
    debit = columns_of(Money(Decimal("-1234.500000"), "USD"))

    assert _line(*debit) == "-1234.500000,USD\r\n"
    assert _line(Decimal("1E+3")) == "1000\r\n"


def test_the_file_says_that_it_is_utf_8() -> None:
    response = csv_response(name="t", head=["الاسم"], rows=[["زيد"]])

    assert b"".join(response).decode() == "\ufeffالاسم\r\nزيد\r\n"
    assert response["Content-Disposition"] == 'attachment; filename="t.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
