"""Subscriptions end when their instance is deleted; what begins them is a deployment."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from billing.actions import rates, timeline
from billing.models import OrderEvent, Subscription
from cmp.lib.clock import whole_second
from cmp.lib.errors import DomainError
from resources.actions import instances


class NothingRuns(DomainError):
    """The instance has no running subscription."""


@transaction.atomic
def end(*, actor: User, instance_id: int, at: datetime) -> Subscription:
    """Delete the instance and stop charging at this second; again changes nothing.

    If the hourly run has just charged past it, charging stops where the run has come to.
    A term is paid already: it ends with nothing given back. Raises `NothingRuns`.
    """
    subscription = (
        Subscription.objects.select_for_update(no_key=True, of=("self",))
        .select_related("order")
        .filter(instance_id=instance_id)
        .order_by("-billed_from")
        .first()
    )
    if subscription is None:
        raise NothingRuns(_("This instance does not run."))
    if subscription.billed_until is not None:
        return subscription
    subscription.billed_until = _end_of(subscription, at)
    subscription.save(update_fields=["billed_until"])
    instance = instances.delete(instance_id=instance_id, at=at)
    timeline.note(
        subscription.order, OrderEvent.Kind.ENDED, at=at, actor=actor, text=instance.name
    )
    return subscription


def _end_of(subscription: Subscription, at: datetime) -> datetime:
    until = max(whole_second(at), subscription.billed_from)
    if subscription.is_hourly:
        return rates.open_instant(subscription.fund_pot_id, until)
    return until
