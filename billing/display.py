"""How orders, resources and prices look: states, prices and what happened, in words."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Order, OrderEvent, Subscription
from cmp.lib.cells import Cell
from cmp.lib.display import State, Tone, Words, moment_html, money_html
from cmp.lib.money import Money
from pricing.models import Component, Sale
from pricing.rating import Line
from resources.models import Instance

_ORDER_TONES: Final = {
    Order.State.PENDING_PAYMENT: Tone.WARN,
    Order.State.PROCESSING: Tone.INFO,
    Order.State.COMPLETED: Tone.OK,
    Order.State.CANCELLED: Tone.IDLE,
    Order.State.FAILED: Tone.BAD,
}
_ORDER_ICONS: Final = {Order.State.PENDING_PAYMENT: "wallet", Order.State.CANCELLED: "ban"}
_INSTANCE_TONES: Final = {
    Instance.State.REQUESTED: Tone.INFO,
    Instance.State.DEPLOYING: Tone.INFO,
    Instance.State.RUNNING: Tone.OK,
    Instance.State.FAILED: Tone.BAD,
    Instance.State.DELETED: Tone.IDLE,
}
_INSTANCE_ICONS: Final = {Instance.State.RUNNING: "run", Instance.State.DELETED: "trash"}
_UNITS: Final = {
    Component.VCPU: gettext_lazy("%(count)s vCPU"),
    Component.MEMORY_GIB: gettext_lazy("%(count)s GiB memory"),
    Component.DISK_GIB: gettext_lazy("%(count)s GiB disk"),
    Component.PUBLIC_IP: gettext_lazy("Public IP"),
}


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of a price: what, and how much of the total it is."""

    words: Words
    amount: Money


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline."""

    words: Words
    note: Words
    at: datetime
    who: str
    is_now: bool


def state_of_order(order: Order) -> State:
    state = Order.State(order.state)
    return State(state.label, _ORDER_TONES[state], _ORDER_ICONS.get(state, ""))


def state_of_instance(instance: Instance) -> State:
    state = Instance.State(instance.state)
    return State(state.label, _INSTANCE_TONES[state], _INSTANCE_ICONS.get(state, ""))


def size_of(thing: Order | Instance) -> str:
    """`2 vCPU, 4 GiB memory, 50 GiB disk, public IP`."""
    parts = [
        _("%(count)s vCPU") % {"count": thing.vcpu},
        _("%(count)s GiB memory") % {"count": thing.memory_gib},
        _("%(count)s GiB disk") % {"count": thing.disk_gib},
    ]
    if thing.has_public_ip:
        parts.append(_("public IP"))
    return ", ".join(parts)


def price_of(order: Order) -> SafeString:
    """The amount and what it is for: an hour, or the whole term."""
    return per_period(order.total, order.sale)


def per_period(amount: Money, sale: str) -> SafeString:
    """`USD 0.077173 per hour`, with the decimals that the charge has."""
    shown = money_html(amount, exact=sale == Sale.HOURLY)
    return SafeString(f'{shown} <span class="c-small c-muted">{period_of(sale)}</span>')


def period_of(sale: str) -> str:
    """What a price is for."""
    return _("per hour") if sale == Sale.HOURLY else _("for one month")


def price_cell(amount: Money, sale: str) -> Cell:
    """The price in a list: an hour's with the six decimals that it is charged with."""
    shown = money_html(amount, exact=sale == Sale.HOURLY)
    words = period_of(sale)
    return Cell(shown, amount, SafeString(escape(words)), words)


def clock_html(at: datetime, now: datetime) -> SafeString:
    """The time alone on the day it is, else with its day."""
    local = timezone.localtime(at)
    if local.date() != timezone.localtime(now).date():
        return moment_html(at)
    iso = local.isoformat(timespec="seconds")
    return SafeString(f'<time datetime="{iso}" title="{iso}">{local:%H:%M}</time>')


def lines_of_quote(lines: tuple[Line, ...], rounding: Money) -> list[PriceLine]:
    shown = [
        PriceLine(_words_for(line.component, line.quantity), line.amount) for line in lines
    ]
    return [*shown, *_rounding(rounding)]


def lines_of_order(order: Order) -> list[PriceLine]:
    """The lines as they were quoted when the order was made."""
    shown = []
    for line in order.lines:
        amount = Money(Decimal(line["amount"]), order.currency)
        if line["component"] == "ROUNDING":
            shown += _rounding(amount)
        else:
            words = _words_for(Component(line["component"]), int(line["quantity"]))
            shown.append(PriceLine(words, amount))
    return shown


def timeline_of(order: Order) -> list[Happening]:
    """What happened, newest first, with what it needs to be understood."""
    events = list(order.events.all())
    newest = events[-1].pk if events else None
    return [
        Happening(
            words=OrderEvent.Kind(event.kind).label,
            note=event.note,
            at=event.at,
            who=event.actor_name or _("CMP Billing"),
            is_now=event.pk == newest,
        )
        for event in reversed(events)
    ]


def until_when(subscription: Subscription) -> datetime | None:
    """When the tenant's entitlement ends or ended; None while it is open."""
    return subscription.billed_until or subscription.term_until


def _words_for(component: Component, quantity: int) -> str:
    return str(_UNITS[component]) % {"count": f"{quantity:,}"}


def _rounding(amount: Money) -> list[PriceLine]:
    return [] if amount.is_zero else [PriceLine(_("Rounding"), amount)]
