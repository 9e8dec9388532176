"""The timeline of an order: what happened, when, by whom."""

from datetime import datetime

from django.db import connection

from accounts.models import User
from billing.models import Order, OrderEvent


def note(
    order: Order,
    kind: OrderEvent.Kind,
    *,
    at: datetime,
    actor: User | None = None,
    text: str = "",
) -> OrderEvent:
    """Add an entry; must run inside the transaction of what it tells."""
    assert connection.in_atomic_block, "an entry commits with what it tells"
    return OrderEvent.objects.create(
        order=order,
        kind=kind,
        at=at,
        actor=actor,
        actor_name=str(actor) if actor else "",
        note=text[:300],
    )
