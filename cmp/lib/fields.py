"""Form fields for money: read what people type, refuse what nobody could mean."""

import re
import unicodedata
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cmp.lib.money import LIMIT, Money, exponent

# Comma, Arabic thousands and thin or plain blanks between digits group them.
_GROUPS = re.compile(r"(?<=\d)[,\u066c\u00a0\u202f '](?=\d{3}(?!\d))")
_PLAIN = re.compile(r"[+-]?\d{1,20}(\.\d{0,20})?|[+-]?\.\d{1,20}", re.ASCII)


class MoneyFormField(forms.CharField):
    """Clean a typed amount to `Money` of one currency.

    Accepts the digits of any script and grouping signs between threes; refuses signs of
    other kinds, exponents, letters and decimals that the currency lacks. `smallest` and
    `largest` are inclusive and named in the message.
    """

    def __init__(
        self,
        *,
        currency: str,
        smallest: Money | None = None,
        largest: Money | None = None,
        decimals: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.currency = currency
        self.smallest = smallest
        self.largest = largest
        self.decimals = exponent(currency) if decimals is None else decimals
        kwargs.setdefault("max_length", 40)
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        return {
            **attrs,
            "inputmode": "decimal",
            "autocomplete": "off",
            "dir": "ltr",
            # money.js shows what was understood, to this many decimals.
            "data-places": self.decimals,
        }

    def prepare_value(self, value: Any) -> Any:
        return f"{value.amount:f}" if isinstance(value, Money) else value

    def clean(self, value: Any) -> Money | None:
        typed: str = super().clean(value)
        if typed in self.empty_values:
            return None
        money = Money(self._parsed(typed), self.currency)
        self._refuse_outside(money, typed)
        return money

    def _parsed(self, typed: str) -> Decimal:
        text = plain_number(typed)
        if text is None:
            self._refuse(
                _("Enter an amount as a number, such as 100.00; you entered “%(typed)s”."),
                typed,
            )
        amount = Decimal(str(text))
        if amount != round(amount, self.decimals):
            self._refuse(
                _("%(currency)s has %(decimals)s decimals; you entered “%(typed)s”."), typed
            )
        return amount

    def _refuse_outside(self, money: Money, typed: str) -> None:
        if self.smallest is not None and money < self.smallest:
            self._refuse(
                _("The smallest amount is %(bound)s; you entered “%(typed)s”."),
                typed,
                str(self.smallest),
            )
        if self.largest is not None and money > self.largest:
            self._refuse(
                _("The largest amount is %(bound)s; you entered “%(typed)s”."),
                typed,
                str(self.largest),
            )
        if abs(money.amount) >= LIMIT:
            self._refuse(_("That amount is too large; you entered “%(typed)s”."), typed)

    def _refuse(self, message: Any, typed: str, bound: str = "") -> None:
        raise forms.ValidationError(
            message,
            code="invalid",
            params={
                "typed": typed[:40],
                "bound": bound,
                "currency": self.currency,
                "decimals": self.decimals,
            },
        )


def plain_number(typed: str) -> str | None:
    """`typed` as ASCII digits with a point, or None if it is not a plain number."""
    text = "".join(_ascii_digit(char) for char in typed.strip())
    text = _GROUPS.sub("", text.replace("\u066b", ".").replace("\u2212", "-"))
    return text if _PLAIN.fullmatch(text) else None


def _ascii_digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)
