"""Orders and what comes of them, made by the actions that the product uses."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.db import connection

from accounts.models import BusinessGroup, User
from billing import queries
from billing.actions import deployments, orders
from billing.actions.orders import InstanceRequest
from billing.models import Order, Subscription
from cmp.lib.money import Money
from pricing.models import Sale
from resources.actions.instances import Shape

# An hour that is over, whenever the tests run.
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SMALL = Shape(vcpu=2, memory_gib=4, disk_gib=50, has_public_ip=True)
_numbers = itertools.count(1)


def wanted(
    group: BusinessGroup,
    *,
    name: str = "",
    shape: Shape = SMALL,
    sale: Sale = Sale.HOURLY,
) -> InstanceRequest:
    return InstanceRequest(
        tenant_id=group.tenant_id,
        business_group_id=group.pk,
        name=name or f"web-{next(_numbers)}",
        shape=shape,
        sale=sale,
    )


def submitted(
    actor: User,
    request: InstanceRequest,
    *,
    at: datetime = NOON,
    currency: str = "USD",
) -> Order:
    """An order at the price that holds at `at`."""
    quote = queries.quote_at(
        shape=request.shape, sale=request.sale, currency=currency, at=at
    )
    return orders.submit(
        actor=actor, wanted=request, expected=quote.total, form_key=uuid4(), at=at
    )


def completed(
    actor: User,
    request: InstanceRequest,
    *,
    at: datetime = NOON,
    currency: str = "USD",
) -> Order:
    """An order that was paid where that is due, and deployed, all at `at`."""
    order = submitted(actor, request, at=at, currency=currency)
    if order.is_payable:
        order = orders.pay(actor=actor, order_id=order.pk, at=at)
    return deployments.deploy(order_id=order.pk, now=lambda: at)


def running(
    actor: User, group: BusinessGroup, *, at: datetime = NOON, **facts: object
) -> Subscription:
    """The hourly subscription of an instance that runs from `at`."""
    order = completed(actor, wanted(group, **facts), at=at)  # type: ignore[arg-type]
    assert order.state == Order.State.COMPLETED, order.failure
    return Subscription.objects.get(order=order)


def hours_after(at: datetime, count: float) -> datetime:
    return at + timedelta(hours=count)


def charged(subscription: Subscription) -> list[tuple[datetime, int, str]]:
    """What was charged for a subscription: hour, seconds and amount, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hour, seconds, amount::text FROM billing_charge"
            " WHERE subscription_id = %s ORDER BY hour",
            [subscription.pk],
        )
        rows: list[tuple[datetime, int, str]] = cursor.fetchall()
    return rows


def charged_in_all(subscription: Subscription) -> Money:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(amount), 0) FROM billing_charge"
            " WHERE subscription_id = %s",
            [subscription.pk],
        )
        return Money(cursor.fetchone()[0], subscription.currency)
