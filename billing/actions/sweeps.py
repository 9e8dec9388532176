"""The sweep of each minute: what a lost task or a dead worker left behind is finished."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from billing import queries
from billing.actions import deployments, orders, rates
from billing.actions.deployments import Clock
from resources.actions import instances
from resources.queries import ids_to_remove

# A sweep comes back in a minute; what is left then goes on.
AT_ONCE: Final = 100


@dataclass(slots=True)
class Swept:
    """How much a sweep found to do."""

    deployed: int = 0
    cancelled: int = 0
    removed: int = 0
    repriced: int = 0


def sweep_orders(*, now: Clock) -> Swept:
    """Deploy forgotten orders, cancel unpaid ones, remove dead machines, adopt prices.

    Safe to repeat and to run beside itself: every step locks its row and looks again.
    """
    at = now()
    swept = Swept(repriced=rates.adopt_due(at=at))
    for order_id in queries.order_ids_to_work_on(at=at, limit=AT_ONCE):
        swept.deployed += not deployments.deploy(order_id=order_id, now=now).is_in_progress
    swept.cancelled = _cancel_unpaid(at)
    for instance_id in ids_to_remove(AT_ONCE):
        swept.removed += instances.remove(instance_id=instance_id, at=at)
    return swept


def _cancel_unpaid(at: datetime) -> int:
    before = at - orders.UNPAID_FOR
    cancelled = 0
    for order_id in queries.order_ids_unpaid_since(before=before, limit=AT_ONCE):
        try:
            orders.cancel(actor=None, order_id=order_id, at=at)
        except orders.OrderClosed:
            # Paid between the look and the lock; that is what we waited for.
            continue
        cancelled += 1
    return cancelled
