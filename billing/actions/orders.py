"""Orders: submitted at a fixed price, paid from the balance, cancelled while unpaid."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

import funds.queries
import resources.queries
from accounts.models import User
from billing import queries
from billing.actions import timeline
from billing.models import Order, OrderEvent
from cmp.lib import jobs
from cmp.lib.errors import DomainError, refusals
from cmp.lib.money import Money
from funds.actions import holds
from pricing.models import Product, Sale
from pricing.queries import INSTANCE
from pricing.rating import Quote
from resources.actions import instances
from resources.actions.instances import NameTaken, Shape

# A worker that took an order up and died is noticed after this long.
PATIENCE: Final = timedelta(minutes=5)
UNPAID_FOR: Final = timedelta(hours=24)


class NoFundAccount(DomainError):
    """The business group has no fund account to pay from."""


class PriceChanged(DomainError):
    """The price is not the one the requester saw; `quote` is what holds now."""

    def __init__(self, quote: Quote) -> None:
        self.quote = quote
        super().__init__(
            _("The price is %(total)s. Check the estimate and submit again.")
            % {"total": quote.total}
        )


class FormReused(DomainError):
    """The form was sent before, with other content."""


class OrderClosed(DomainError):
    """The order has ended, so it can be neither paid nor cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRequest:
    """What somebody asks for, as the form understood it."""

    tenant_id: int
    business_group_id: int
    name: str
    shape: Shape
    sale: Sale


def submit(
    *, actor: User, wanted: InstanceRequest, expected: Money, form_key: UUID, at: datetime
) -> Order:
    """Make the order, at the price that the requester saw, and return it.

    A prepaid or flexible fund account must be paid from first (`pay`); a postpaid one
    lets the deployment start at once. Sending the form again returns the first order.

    Raises `NoFundAccount`, `PriceChanged`, `NameTaken`, `NoPrice`, `NotSold` and
    `FormReused`, when the form was used for something else.
    """
    first = Order.objects.filter(form_key=form_key).first()
    if first is None:
        again = FormReused(_("This form was sent before."))
        try:
            with transaction.atomic(), refusals({"one_order_per_form": again}):
                return _make(actor, wanted, expected, form_key, at)
        except FormReused:
            # Another request with the same form committed between the look and the insert.
            first = Order.objects.get(form_key=form_key)
    return _same(first, actor, wanted)


@transaction.atomic
def pay(*, actor: User, order_id: int, at: datetime) -> Order:
    """Set the order's money aside and let the deployment start; again changes nothing.

    Raises `InsufficientFunds` with what is missing, `OrderClosed` and `NameTaken`.
    """
    order = _locked(order_id)
    if order.state in {Order.State.PROCESSING, Order.State.COMPLETED}:
        return order
    if not order.is_payable:
        raise OrderClosed(_("Order %(number)s has ended.") % {"number": order.number})
    instance = instances.request(
        tenant_id=order.tenant_id,
        business_group_id=order.business_group_id,
        name=order.name,
        shape=order.shape,
        at=at,
    )
    hold = holds.place(
        fund_account_id=order.fund_account_id,
        amount=order.held,
        reference=order.reference,
        key=f"{order.reference}:hold",
        at=at,
    )
    order.hold_id, order.paid_at, order.instance = hold.id, at, instance
    timeline.note(
        order, OrderEvent.Kind.PAID, at=at, actor=actor, text=f"{order.held}, {hold.number}"
    )
    _start(order, at)
    return order


@transaction.atomic
def cancel(*, actor: User | None, order_id: int, at: datetime) -> Order:
    """Cancel an unpaid order; again changes nothing. Raises `OrderClosed`."""
    order = _locked(order_id)
    if order.state == Order.State.CANCELLED:
        return order
    if not order.is_payable:
        raise OrderClosed(
            _("Order %(number)s is paid or has ended.") % {"number": order.number}
        )
    order.state, order.finished_at = Order.State.CANCELLED, at
    order.save(update_fields=["state", "finished_at"])
    timeline.note(order, OrderEvent.Kind.CANCELLED, at=at, actor=actor)
    return order


def _make(
    actor: User, wanted: InstanceRequest, expected: Money, form_key: UUID, at: datetime
) -> Order:
    account = funds.queries.account_of_group(wanted.business_group_id)
    if account is None or account.tenant_id != wanted.tenant_id:
        raise NoFundAccount(
            _("This business group has no fund account yet. Ask your tenant administrator.")
        )
    quote = queries.quote_at(
        shape=wanted.shape, sale=wanted.sale, currency=account.currency, at=at
    )
    if quote.total != expected:
        raise PriceChanged(quote)
    if resources.queries.is_name_taken(tenant_id=wanted.tenant_id, name=wanted.name):
        raise NameTaken(
            _("An instance named “%(name)s” exists already.") % {"name": wanted.name}
        )
    order = _draft(actor, wanted, quote, form_key, at)
    order.fund_account_id = account.pk
    order.needs_payment = account.kind != account.Kind.POSTPAID
    if order.needs_payment:
        order.hold_amount = queries.hold_for(quote).amount
        order.save(force_insert=True)
        timeline.note(order, OrderEvent.Kind.SUBMITTED, at=at, actor=actor)
        return order
    order.instance = instances.request(
        tenant_id=order.tenant_id,
        business_group_id=order.business_group_id,
        name=order.name,
        shape=order.shape,
        at=at,
    )
    order.state = Order.State.PROCESSING
    order.save(force_insert=True)
    timeline.note(order, OrderEvent.Kind.SUBMITTED, at=at, actor=actor)
    _start(order, at)
    return order


def _draft(
    actor: User, wanted: InstanceRequest, quote: Quote, form_key: UUID, at: datetime
) -> Order:
    return Order(
        state=Order.State.PENDING_PAYMENT,
        tenant_id=wanted.tenant_id,
        business_group_id=wanted.business_group_id,
        requested_by=actor,
        form_key=form_key,
        product=Product.objects.get(code=INSTANCE),
        name=wanted.name,
        vcpu=wanted.shape.vcpu,
        memory_gib=wanted.shape.memory_gib,
        disk_gib=wanted.shape.disk_gib,
        has_public_ip=wanted.shape.has_public_ip,
        sale=wanted.sale,
        months=0 if wanted.sale == Sale.HOURLY else queries.TERM_MONTHS,
        currency=quote.total.currency,
        amount=quote.total.amount,
        per_second=quote.per_second,
        price_version_id=quote.price_version_id,
        lines=_as_text(quote),
        created_at=at,
    )


def _as_text(quote: Quote) -> list[dict[str, str]]:
    lines = [
        {
            "component": line.component.value,
            "quantity": str(line.quantity),
            "unit": f"{line.unit:f}",
            "amount": f"{line.amount.amount:f}",
        }
        for line in quote.lines
    ]
    if not quote.rounding.is_zero:
        lines.append({"component": "ROUNDING", "amount": f"{quote.rounding.amount:f}"})
    return lines


def _start(order: Order, at: datetime) -> None:
    """Hand the order over to the deployment, and to the sweep in case that gets lost."""
    order.state, order.next_attempt_at = Order.State.PROCESSING, at + PATIENCE
    order.save()
    jobs.enqueue("billing.tasks.deploy_order", order_id=order.pk)


def _same(order: Order, actor: User, wanted: InstanceRequest) -> Order:
    asked = (
        order.requested_by_id,
        order.tenant_id,
        order.business_group_id,
        order.name,
        order.shape,
        order.sale,
    )
    if asked != (
        actor.pk,
        wanted.tenant_id,
        wanted.business_group_id,
        wanted.name,
        wanted.shape,
        wanted.sale,
    ):
        raise FormReused(
            _("This form was sent before. Open the catalogue and start again.")
        )
    return order


def _locked(order_id: int) -> Order:
    return Order.objects.select_for_update(no_key=True).get(pk=order_id)
