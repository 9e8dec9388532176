"""Filters of a list: what django-filter offers, plus the kinds that money lists need.

    class RechargeFilters(ListFilters):
        q = SearchFilter(contains=["payer__name"], numbers={"RC": "id"})
        state = ChoiceFilter(choices=Recharge.State.choices, label=_("State"))
        account = ModelChoiceFilter(queryset=_accounts_of_request, label=_("Fund account"))
        paid_from = DayFromFilter("created_at", label=_("From"))
        paid_to = DayToFilter("created_at", label=_("To (inclusive)"))
        least = LeastAmountFilter("amount", label=_("Amount from"))
        most = MostAmountFilter("amount", label=_("Amount to"))

        # The rest folds under More filters; without `in_view` the first five are in view.
        in_view = ("q", "account", "state", "paid_from", "paid_to")
        # Refused, with a message, when the second lies before the first.
        pairs = (("paid_from", "paid_to"), ("least", "most"))

A value that cannot be meant is never applied and never an error page: the list says
which filter it left out and what would be right.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final

import django_filters
from django import forms
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, ModelChoiceFilter

from cmp.lib.display import day_text
from cmp.lib.fields import plain_number
from cmp.lib.money import LIMIT

__all__ = [
    "ChoiceFilter",
    "DayFromFilter",
    "DayToFilter",
    "LeastAmountFilter",
    "ListFilters",
    "ModelChoiceFilter",
    "MostAmountFilter",
    "SearchFilter",
]

_EARLIEST: Final = date(2000, 1, 1)
_LATEST: Final = date(2199, 12, 31)
_IDS_END: Final = 2**63


class DayField(forms.DateField):
    """A calendar day, in the digits of any script, of a year that billing can mean."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Enter a day such as 2026-11-22.")
    }

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, str):
            value = _ascii_digits(value)
        day = super().to_python(value)
        if day is not None and not _EARLIEST <= day <= _LATEST:
            raise forms.ValidationError(
                _("Enter a day between 2000 and 2199."), code="year"
            )
        return day


class AmountField(forms.CharField):
    """A bare amount to compare with, read like `MoneyFormField` reads it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)
        self.widget.attrs.update(inputmode="decimal", autocomplete="off", dir="ltr")

    def clean(self, value: Any) -> Decimal | None:
        typed = super().clean(value)
        if not typed:
            return None
        text = plain_number(typed)
        if text is None or abs(Decimal(text)) >= LIMIT:
            raise forms.ValidationError(_("Enter an amount as a number, such as 100.00."))
        return Decimal(text)


class DayFromFilter(django_filters.Filter):  # type: ignore[misc]
    """At or after the start of a day in the viewer's zone."""

    field_class = DayField

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        return (
            qs
            if value is None
            else qs.filter(**{f"{self.field_name}__gte": _start_of(value)})
        )


class DayToFilter(django_filters.Filter):  # type: ignore[misc]
    """Before the end of a day in the viewer's zone: the day itself is included."""

    field_class = DayField

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        return qs.filter(**{f"{self.field_name}__lt": _start_of(value + timedelta(days=1))})


class LeastAmountFilter(django_filters.Filter):  # type: ignore[misc]
    """At least this much, each row in its own currency."""

    field_class = AmountField
    comparison = "gte"

    def filter(self, qs: QuerySet[Any], value: Decimal | None) -> QuerySet[Any]:
        return (
            qs
            if value is None
            else qs.filter(**{f"{self.field_name}__{self.comparison}": value})
        )


class MostAmountFilter(LeastAmountFilter):
    """At most this much, each row in its own currency."""

    comparison = "lte"


class SearchFilter(django_filters.Filter):  # type: ignore[misc]
    """Words in some columns, or a number as screens show it.

    `contains` are searched anywhere (give them only for tables that stay small or have a
    trigram index), `exact` and `starts` as such; `numbers={"RC": "id"}` finds `RC-81`,
    `rc81` and `81` by the column.
    """

    field_class = forms.CharField

    def __init__(
        self,
        *,
        contains: Sequence[str] = (),
        starts: Sequence[str] = (),
        exact: Sequence[str] = (),
        numbers: Mapping[str, str] | None = None,
        label: Any = None,
        placeholder: Any = "",
    ) -> None:
        widget = forms.TextInput(
            attrs={"type": "search", "placeholder": placeholder, "autocomplete": "off"}
        )
        super().__init__(label=label or _("Search"), widget=widget, max_length=200)
        lookups = [
            *[f"{name}__icontains" for name in contains],
            *[f"{name}__istartswith" for name in starts],
            *[f"{name}__iexact" for name in exact],
        ]
        self.lookups = lookups
        self.numbers = dict(numbers or {})

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        words = value.strip() if value else ""
        if not words:
            return qs
        any_of = Q(pk__in=())
        for lookup in self.lookups:
            any_of |= Q(**{lookup: words})
        for prefix, column in self.numbers.items():
            number = _number_in(words, prefix)
            any_of |= Q() if number is None else Q(**{column: number})
        return qs.filter(any_of)


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter: what it says and the query string without it."""

    text: str
    without: str


class ListFilters(django_filters.FilterSet):  # type: ignore[misc]
    """The base of every list's filters; see the module for what to declare.

    Not bound to a model: every filter is declared by hand, so that a new column never
    becomes a filter by accident.
    """

    in_view: ClassVar[Sequence[str]] = ()
    pairs: ClassVar[Sequence[tuple[str, str]]] = ()

    @property
    def qs(self) -> QuerySet[Any]:
        """The filtered rows; filters with an error are left out."""
        for low, high in self.pairs:
            self._refuse_if_reversed(low, high)
        queryset: QuerySet[Any] = super().qs
        return queryset

    @property
    def active(self) -> list[str]:
        """Names of the filters that are set and could be understood."""
        cleaned = self.form.cleaned_data if self.is_bound and self.form.is_bound else {}
        return [name for name, value in cleaned.items() if value not in (None, "", [])]

    @property
    def fields_in_view(self) -> list[forms.BoundField]:
        return [self.form[name] for name in self._names_in_view]

    @property
    def further_fields(self) -> list[forms.BoundField]:
        return [self.form[name] for name in self.filters if name not in self._names_in_view]

    @property
    def is_further_in_use(self) -> bool:
        return any(
            field.name in self.active or field.errors for field in self.further_fields
        )

    def chips(self, query: QueryDict) -> list[Chip]:
        """One for each active filter, in the order of the filter bar."""
        return [
            Chip(self._words_for(name), query_without(query, [name]))
            for name in self.active
        ]

    @property
    def _names_in_view(self) -> list[str]:
        return list(self.in_view or list(self.filters)[:5])

    def _words_for(self, name: str) -> str:
        field, value = self.form[name], self.form.cleaned_data[name]
        return f"{field.label}: {_shown(field.field, value)}"

    def _refuse_if_reversed(self, low: str, high: str) -> None:
        if not self.is_bound or self.form.errors.get(low) or self.form.errors.get(high):
            return
        start, end = self.form.cleaned_data.get(low), self.form.cleaned_data.get(high)
        if start is not None and end is not None and start > end:
            self.form.add_error(
                high,
                _("“%(high)s” must not lie before “%(low)s”.")
                % {"high": self.form[high].label, "low": self.form[low].label},
            )


def query_without(query: QueryDict, names: Iterable[str]) -> str:
    """The query string without some parameters; paging starts anew."""
    rest = query.copy()
    for name in (*names, "cursor", "export"):
        rest.pop(name, None)
    for name in [name for name, values in rest.lists() if not any(values)]:
        del rest[name]
    return f"?{rest.urlencode()}"


def _shown(field: forms.Field, value: Any) -> str:
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, Model):
        return str(field.label_from_instance(value))  # type: ignore[attr-defined]
    if isinstance(field, forms.ChoiceField):
        return str(dict(_flat(field.choices)).get(value, value))
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _flat(choices: Any) -> Iterable[tuple[Any, Any]]:
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            yield from label
        else:
            yield value, label


def _start_of(day: date) -> datetime:
    assert MINYEAR < day.year < MAXYEAR
    return timezone.make_aware(datetime.combine(day, time()))


def _number_in(words: str, prefix: str) -> int | None:
    digits = _ascii_digits(words).upper().removeprefix(prefix.upper()).removeprefix("-")
    number = (
        int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
    )
    return number if number is not None and number < _IDS_END else None


def _ascii_digits(text: str) -> str:
    return "".join(
        char if (value := unicodedata.decimal(char, None)) is None else str(value)
        for char in text.strip()
    )
