"""Deployments: a paid order becomes a running instance and a subscription, or nothing.

No driver is called inside a transaction: the intent is committed, the driver is asked,
the outcome is committed. A crash between two of them is found by `sweep_orders`, which
starts again; the driver builds one machine per reference.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

import funds.queries
from billing import queries
from billing.actions import rates, timeline
from billing.actions.orders import PATIENCE
from billing.models import Order, OrderEvent, Subscription
from cmp.lib.clock import whole_second
from cmp.lib.periods import add_months
from funds.actions import holds
from resources.actions import instances
from resources.actions.instances import Outcome
from resources.drivers.base import CloudUnreachable
from resources.models import Instance

TRIES_MAX: Final = 5
Clock = Callable[[], datetime]


def deploy(*, order_id: int, now: Clock) -> Order:
    """Deploy what a paid order asks for and settle its money; again changes nothing.

    `now` is read again after the driver answered: use counts from that second.
    """
    order = _begin(order_id, now())
    if not order.is_in_progress:
        return order
    assert order.instance is not None, "an order in processing has its instance"
    try:
        outcome = instances.build(order.instance)
    except CloudUnreachable:
        if order.tries < TRIES_MAX:
            return order
        outcome = Outcome(failure="The cloud did not answer.")
    return _finish(order_id, outcome, now())


@transaction.atomic
def _begin(order_id: int, at: datetime) -> Order:
    """Note that somebody works on the order, and when the sweep may think they died."""
    order = _locked(order_id)
    if not order.is_in_progress:
        return order
    assert order.instance_id is not None
    order.instance = instances.begin(instance_id=order.instance_id)
    order.tries += 1
    order.next_attempt_at = at + PATIENCE + timedelta(minutes=2**order.tries)
    order.save(update_fields=["tries", "next_attempt_at"])
    kind = OrderEvent.Kind.DEPLOYING if order.tries == 1 else OrderEvent.Kind.RETRIED
    timeline.note(order, kind, at=at)
    return order


@transaction.atomic
def _finish(order_id: int, outcome: Outcome, at: datetime) -> Order:
    order = _locked(order_id)
    if not order.is_in_progress:
        return order
    assert order.instance_id is not None
    # Whoever finished the instance first decided; a second answer is not an outcome.
    instance = instances.finish(instance_id=order.instance_id, outcome=outcome, at=at)
    order.instance, order.finished_at, order.next_attempt_at = instance, at, None
    if instance.is_running:
        _settle(order, at)
        _subscribe(order, instance, at)
        order.state = Order.State.COMPLETED
        timeline.note(order, OrderEvent.Kind.COMPLETED, at=at, text=str(instance.address))
    else:
        _give_back(order, at)
        order.state, order.failure = Order.State.FAILED, instance.failure
        timeline.note(order, OrderEvent.Kind.FAILED, at=at, text=instance.failure)
    order.save(update_fields=["state", "finished_at", "next_attempt_at", "failure"])
    return order


def _settle(order: Order, at: datetime) -> None:
    """Take what a term costs; an hourly order's hold has only proved the money."""
    if order.hold_id is None:
        return
    if order.is_hourly:
        _give_back(order, at)
        return
    purchase = holds.capture(hold_id=order.hold_id, reference=order.reference, at=at)
    text = f"{order.total}, {purchase.number}"
    timeline.note(order, OrderEvent.Kind.CAPTURED, at=at, text=text)


def _give_back(order: Order, at: datetime) -> None:
    if order.hold_id is None:
        return
    released = holds.release(hold_id=order.hold_id, at=at)
    text = f"{order.held}, {released.number}"
    timeline.note(order, OrderEvent.Kind.RELEASED, at=at, text=text)


def _subscribe(order: Order, instance: Instance, at: datetime) -> Subscription:
    """Begin what is charged at this second, or at the first one that is still open."""
    pot_id = funds.queries.available_pot_id(order.fund_account_id)
    begins = whole_second(at)
    if order.is_hourly:
        begins = rates.open_instant(pot_id, begins)
    term_until = None if order.is_hourly else _term_end(order, begins)
    subscription = Subscription.objects.create(
        tenant_id=order.tenant_id,
        order=order,
        instance=instance,
        fund_pot_id=pot_id,
        currency=order.currency,
        sale=order.sale,
        quantities=dict(queries.quantities_of(order.shape)),
        price_version_id=order.price_version_id,
        billed_from=begins,
        term_until=term_until,
    )
    if order.is_hourly:
        rates.compile_first(subscription)
    return subscription


def _term_end(order: Order, begins: datetime) -> datetime:
    return add_months(begins, order.months, order.tenant.time_zone)


def _locked(order_id: int) -> Order:
    return (
        Order.objects.select_for_update(no_key=True, of=("self",))
        .select_related("tenant", "instance")
        .get(pk=order_id)
    )
