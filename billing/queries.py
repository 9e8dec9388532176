"""Reads about what is owed: estimates, orders, subscriptions, running costs."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol

from django.db import connection
from django.db.models import Prefetch, QuerySet

import funds.queries
from accounts.access import Reach
from accounts.models import Tenant
from billing.models import Charge, Order, OrderEvent, Parking, Rate, Subscription
from cmp.lib.money import Money
from pricing import rating
from pricing.models import Component, Sale
from pricing.queries import INSTANCE, sheet_at
from pricing.rating import Quantities, Quote
from resources.actions.instances import Shape

TERM_MONTHS: Final = 1


# ---------------------------------------------------------------- what it would cost


class Payer(Protocol):
    """What an estimate must know of a fund account."""

    @property
    def pk(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def credit_limit(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a request would cost, and whether the fund account that pays has enough."""

    quote: Quote
    # What is set aside before anything is built; zero where nothing is.
    hold: Money
    available: Money

    @property
    def left_afterwards(self) -> Money:
        return self.available - self.hold

    @property
    def missing(self) -> Money:
        """What must come in first, up to the next whole minor unit; zero if nothing."""
        zero = Money.zero(self.hold.currency)
        return rounded_up(self.hold - self.available) if self.is_short else zero

    @property
    def is_short(self) -> bool:
        return self.hold.is_positive and self.hold > self.available


def estimate(*, account: Payer, shape: Shape, sale: Sale, at: datetime) -> Estimate:
    """What `orders.submit` would charge for this request; raises `NoPrice`, `NotSold`."""
    quote = quote_at(shape=shape, sale=sale, currency=account.currency, at=at)
    spendable = funds.queries.balance_of(account.pk).available
    spendable += Money(account.credit_limit, account.currency)
    needs_payment = account.kind != "POSTPAID"
    hold = hold_for(quote) if needs_payment else Money.zero(account.currency)
    return Estimate(quote, hold, spendable)


def quote_at(*, shape: Shape, sale: Sale, currency: str, at: datetime) -> Quote:
    """The price of a configuration for a new sale at `at`; raises `NoPrice`, `NotSold`."""
    sheet = sheet_at(product=INSTANCE, currency=currency, at=at)
    return rating.quote(quantities_of(shape), sheet, sale, months=TERM_MONTHS)


def quantities_of(shape: Shape) -> Quantities:
    """What prices multiply, of what an instance is made of."""
    return {
        Component.VCPU: shape.vcpu,
        Component.MEMORY_GIB: shape.memory_gib,
        Component.DISK_GIB: shape.disk_gib,
        Component.PUBLIC_IP: int(shape.has_public_ip),
    }


def hold_for(quote: Quote) -> Money:
    """What proves that the money is there: the term's price, or the first hour's.

    Never less than the smallest amount that can be paid.
    """
    smallest = Money.from_minor_units(1, quote.total.currency)
    return max(quote.total, smallest)


def rounded_up(amount: Money) -> Money:
    """The smallest payable amount that is not less."""
    payable = Money.rounded(amount.amount, amount.currency)
    if payable >= amount:
        return payable
    return payable + Money.from_minor_units(1, amount.currency)


# ---------------------------------------------------------------- orders


def orders_of(tenant: Tenant) -> QuerySet[Order]:
    """Every order of the tenant, newest first."""
    return _with_names(Order.objects.filter(tenant=tenant))


def orders_within(reach: Reach) -> QuerySet[Order]:
    return _with_names(reach.limit(Order.objects.all()))


def with_timeline(orders: QuerySet[Order]) -> QuerySet[Order]:
    events = OrderEvent.objects.order_by("at", "id")
    return orders.prefetch_related(Prefetch("events", events))


def order_ids_to_work_on(*, at: datetime, limit: int) -> list[int]:
    """Orders in processing that nobody works on any more, longest waiting first."""
    return list(
        Order.objects.filter(state=Order.State.PROCESSING, next_attempt_at__lte=at)
        .order_by("next_attempt_at", "id")
        .values_list("id", flat=True)[:limit]
    )


def order_ids_unpaid_since(*, before: datetime, limit: int) -> list[int]:
    return list(
        Order.objects.filter(state=Order.State.PENDING_PAYMENT, created_at__lt=before)
        .order_by("created_at", "id")
        .values_list("id", flat=True)[:limit]
    )


def unfinished_orders_of_account(account_id: int) -> int:
    return Order.objects.filter(
        fund_account_id=account_id,
        state__in=[Order.State.PENDING_PAYMENT, Order.State.PROCESSING],
    ).count()


def running_subscriptions_of_account(account_id: int) -> int:
    return Subscription.objects.filter(
        order__fund_account_id=account_id, billed_until__isnull=True
    ).count()


# ---------------------------------------------------------------- what runs


def subscription_of_instance(instance_id: int) -> Subscription | None:
    """The newest subscription of an instance, ended or not."""
    return (
        Subscription.objects.filter(instance_id=instance_id)
        .select_related("order")
        .order_by("-billed_from", "-id")
        .first()
    )


def subscriptions_by_instance(instance_ids: list[int]) -> dict[int, Subscription]:
    """The newest subscription of each instance, in one query."""
    found = Subscription.objects.filter(instance_id__in=instance_ids).order_by(
        "instance_id", "billed_from", "id"
    )
    return {subscription.instance_id: subscription for subscription in found}


def hourly_costs(subscription_ids: list[int], at: datetime) -> dict[int, Money]:
    """What each hourly subscription costs per hour at `at`, by its compiled rate."""
    rates = (
        Rate.objects.filter(subscription_id__in=subscription_ids, valid_from__lte=at)
        .select_related("subscription")
        .order_by("subscription_id", "valid_from")
    )
    return {
        rate.subscription_id: rating.charge(
            rate.per_second, rating.HOUR_S, rate.subscription.currency
        )
        for rate in rates
    }


def charged_so_far(subscription: Subscription) -> Money:
    """What the closed hours of an hourly subscription have cost.

    Asks for each hour by the key of the charge table, which has the hour first: a search
    by subscription alone would read everybody's charges.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(c.amount), 0)
              FROM billing_subscription s
              JOIN funds_potbalance b ON b.pot_id = s.fund_pot_id
             CROSS JOIN generate_series(
                   date_trunc('hour', s.billed_from, 'UTC'),
                   least(s.billed_until, b.charged_through) - interval '1 second',
                   interval '1 hour') AS h (hour)
              JOIN billing_charge c ON c.hour = h.hour AND c.subscription_id = s.id
             WHERE s.id = %s""",
            [subscription.pk],
        )
        return Money(cursor.fetchone()[0], subscription.currency)


Charges = QuerySet[Charge]
CHARGES_EXPLAINED: Final = 10


def explained(charges: Charges) -> list[tuple[Charge, str, Decimal]]:
    """The largest of these charges, with the instance's name and the rate per second."""
    largest = list(charges.order_by("-amount", "subscription_id")[:CHARGES_EXPLAINED])
    rates = Rate.objects.in_bulk([charge.rate_id for charge in largest])
    subscriptions = Subscription.objects.select_related("instance").in_bulk(
        [charge.subscription_id for charge in largest]
    )
    return [
        (
            charge,
            subscriptions[charge.subscription_id].instance.name,
            rates[charge.rate_id].per_second,
        )
        for charge in largest
    ]


def parked() -> QuerySet[Parking]:
    """Fund accounts that the hourly run goes on without, oldest first."""
    return (
        Parking.objects.filter(resolved_at__isnull=True)
        .select_related("fund_account__tenant")
        .order_by("parked_at", "id")
    )


def summed(rows: list[tuple[str, Decimal]]) -> dict[str, Money]:
    """Totals per currency."""
    totals: dict[str, Money] = {}
    for currency, amount in rows:
        totals[currency] = totals.get(currency, Money.zero(currency)) + Money(
            amount, currency
        )
    return totals


def _with_names(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.select_related(
        "tenant", "business_group", "fund_account", "requested_by", "instance"
    ).order_by("-created_at", "-id")
