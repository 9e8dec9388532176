"""The kinds of a feature's value: how it is typed, checked, stored and shown."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from cmp.lib.errors import DomainError
from cmp.lib.fields import plain_number
from cmp.lib.money import LIMIT


class NotAValue(DomainError):
    """What was typed is no value of this feature."""


@dataclass(frozen=True)
class Switch:
    """On or off."""

    name = "switch"

    def parse(self, typed: str) -> bool:
        if typed not in {"on", "off"}:
            raise NotAValue(_("Choose on or off."))
        return typed == "on"

    def load(self, stored: Any) -> bool:
        return bool(stored)

    def store(self, value: Any) -> bool:
        return bool(value)

    def text(self, value: Any) -> str:
        return str(_("On") if value else _("Off"))


@dataclass(frozen=True)
class Integer:
    """A whole number within bounds, both inclusive."""

    smallest: int
    largest: int
    name = "integer"

    def parse(self, typed: str) -> int:
        number = plain_number(typed)
        if number is None or not number.isdecimal():
            raise NotAValue(
                _(
                    "Enter a whole number from %(smallest)s to %(largest)s;"
                    " you entered “%(typed)s”."
                )
                % {"smallest": self.smallest, "largest": self.largest, "typed": typed[:40]}
            )
        value = int(number)
        if not self.smallest <= value <= self.largest:
            raise NotAValue(
                _(
                    "The value lies from %(smallest)s to %(largest)s;"
                    " you entered “%(typed)s”."
                )
                % {"smallest": self.smallest, "largest": self.largest, "typed": typed[:40]}
            )
        return value

    def load(self, stored: Any) -> int:
        return int(stored)

    def store(self, value: Any) -> int:
        return int(value)

    def text(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Amount:
    """An amount counted in the currency of the fund account it meets; None is no limit."""

    name = "money"

    def parse(self, typed: str) -> Decimal | None:
        if not typed.strip():
            return None
        number = plain_number(typed)
        if number is None:
            raise NotAValue(
                _("Enter an amount as a number, such as 50.00; you entered “%(typed)s”.")
                % {"typed": typed[:40]}
            )
        value = Decimal(number)
        if not 0 <= value < LIMIT or value != round(value, 4):
            raise NotAValue(
                _(
                    "Enter an amount of 0 or more with at most four decimals;"
                    " you entered “%(typed)s”."
                )
                % {"typed": typed[:40]}
            )
        return value

    def load(self, stored: Any) -> Decimal | None:
        return Decimal(stored) if stored else None

    def store(self, value: Any) -> str:
        return "" if value is None else f"{value:f}"

    def text(self, value: Any) -> str:
        return str(_("No limit")) if value is None else f"{value:,.2f}"


@dataclass(frozen=True)
class Choice:
    """One of a few codes; each with its label."""

    options: tuple[tuple[str, Any], ...]
    name = "choice"

    def parse(self, typed: str) -> str:
        if typed not in dict(self.options):
            raise NotAValue(_("Choose one of the options listed."))
        return typed

    def load(self, stored: Any) -> str:
        return str(stored)

    def store(self, value: Any) -> str:
        return str(value)

    def text(self, value: Any) -> str:
        return str(dict(self.options)[value])


@dataclass(frozen=True)
class Text:
    """Capital letters and digits, at most `longest`; may be empty."""

    longest: int
    name = "text"

    def parse(self, typed: str) -> str:
        value = typed.strip().upper()
        if len(value) > self.longest or not (
            value.isascii() and (value.isalnum() or not value)
        ):
            raise NotAValue(
                _("Use at most %(longest)s letters and digits; you entered “%(typed)s”.")
                % {"longest": self.longest, "typed": typed[:40]}
            )
        return value

    def load(self, stored: Any) -> str:
        return str(stored)

    def store(self, value: Any) -> str:
        return str(value)

    def text(self, value: Any) -> str:
        return str(value or _("None"))


Kind = Switch | Integer | Amount | Choice | Text
