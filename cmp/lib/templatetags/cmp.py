"""Amounts, times, states and icons in templates; `cmp.lib.display` decides their looks.

{% load cmp %}
{% money balance %}                    a Money, with its currency
{% money order.total order.currency %} a Decimal and a currency code
{% signed_money change %}              + or −, and coloured when it comes in
{% money amount exact=True %}          six decimals
{% moment order.created_at %}          in the viewer's zone, exact value in its title
{% day invoice.due_on %}
{% state_badge order.state_shown %}    a cmp.lib.display.State
{% icon "wallet" %}  {% icon "next" flips=True %}
{% query page=2 sort=None %}           this page's query string with changes
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString

from cmp.lib import display
from cmp.lib.display import State
from cmp.lib.money import Money

register = template.Library()


@register.simple_tag
def money(
    amount: Money | Decimal | None, currency: str = "", *, exact: bool = False
) -> SafeString | str:
    value = _money(amount, currency)
    return "–" if value is None else display.money_html(value, exact=exact)


@register.simple_tag
def signed_money(
    amount: Money | Decimal | None, currency: str = "", *, exact: bool = False
) -> SafeString | str:
    value = _money(amount, currency)
    return "–" if value is None else display.money_html(value, signed=True, exact=exact)


@register.simple_tag
def moment(at: datetime | None) -> SafeString | str:
    return "–" if at is None else display.moment_html(at)


@register.simple_tag
def day(on: date | None) -> str:
    return "–" if on is None else display.day_text(on)


@register.simple_tag
def zone() -> str:
    return display.zone_name()


@register.simple_tag
def state_badge(state: State) -> SafeString:
    return display.state_html(state)


@register.simple_tag
def icon(name: str, *, flips: bool = False) -> SafeString:
    return display.icon_html(name, flips=flips)


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The query string of this page with changes; None takes a parameter out."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        parameters.pop(name, None)
        if value is not None:
            parameters[name] = value
    return f"?{parameters.urlencode()}"


def _money(amount: Money | Decimal | None, currency: str) -> Money | None:
    return Money(amount, currency) if isinstance(amount, Decimal) else amount
