"""What runs and is charged, and the compiled rates it is charged by."""

from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce

from pricing.models import Sale


def _period(start: F, end: F | Coalesce) -> Func:
    """A half-open period from two columns."""
    return Func(start, end, function="TSTZRANGE", output_field=DateTimeRangeField())


class Subscription(models.Model):
    """A tenant's running entitlement to an instance.

    Hourly: every clock hour of [billed_from, billed_until) is charged to the fund pot.
    Term: paid at its start through `term_until`, so it has no rates and no charges.
    Instants are whole seconds; a closed hour never changes (trigger `billing_sub_guard`).
    """

    tenant = models.ForeignKey(
        "accounts.Tenant", models.PROTECT, related_name="subscriptions"
    )
    order = models.OneToOneField(
        "billing.Order", models.PROTECT, related_name="subscription"
    )
    instance = models.ForeignKey(
        "resources.Instance", models.PROTECT, related_name="subscriptions"
    )
    # The available pot of the fund account that pays; funds owns that table.
    fund_pot_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    sale = models.CharField(max_length=10, choices=Sale)
    # Component to whole number of units: what the rates are compiled from.
    quantities = models.JSONField()
    price_version = models.ForeignKey(
        "pricing.PriceVersion", models.PROTECT, related_name="subscriptions"
    )
    billed_from = models.DateTimeField()
    billed_until = models.DateTimeField(null=True, blank=True)
    term_until = models.DateTimeField(null=True, blank=True)

    id: int
    tenant_id: int
    order_id: int
    instance_id: int
    price_version_id: int

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sale="HOURLY", term_until__isnull=True)
                | Q(sale="TERM", term_until__gt=F("billed_from")),
                name="subscription_is_hourly_or_for_a_term",
            ),
            models.CheckConstraint(
                condition=Q(billed_until__isnull=True)
                | Q(billed_until__gte=F("billed_from")),
                name="subscription_ends_after_it_began",
            ),
            ExclusionConstraint(
                name="an_instance_is_paid_for_once",
                expressions=[
                    ("instance", RangeOperators.EQUAL),
                    (
                        _period(F("billed_from"), Coalesce("billed_until", "term_until")),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        indexes = [
            models.Index(
                fields=["fund_pot_id"],
                include=["id", "billed_from", "billed_until"],
                condition=Q(sale="HOURLY"),
                name="hourly_subscriptions_of_a_pot",
            ),
        ]

    def __str__(self) -> str:
        return f"subscription {self.pk}"

    @property
    def is_hourly(self) -> bool:
        return self.sale == Sale.HOURLY

    def is_running(self, at: datetime) -> bool:
        """Whether the tenant is entitled to the instance at `at`."""
        until = self.billed_until or self.term_until
        return self.billed_from <= at and (until is None or at < until)


class Rate(models.Model):
    """The amount per second of an hourly subscription from one instant until another.

    Compiled by `pricing.rating`. An hour has one rate: rows begin with the subscription
    or on a full hour, end on a full hour, and never overlap.
    """

    # The index `rates_of_a_subscription` serves the foreign key, too.
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="rates", db_index=False
    )
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    per_second = models.DecimalField(max_digits=20, decimal_places=12)
    price_version = models.ForeignKey(
        "pricing.PriceVersion", models.PROTECT, related_name="rates", db_index=False
    )

    subscription_id: int
    price_version_id: int

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(per_second__gte=0, per_second__lt=100_000_000),
                name="rate_is_a_sane_number",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="rate_ends_after_it_began",
            ),
            ExclusionConstraint(
                name="a_second_has_one_rate",
                expressions=[
                    ("subscription", RangeOperators.EQUAL),
                    (_period(F("valid_from"), F("valid_until")), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            models.Index(
                fields=["subscription", "valid_from"],
                include=["valid_until", "per_second", "price_version", "id"],
                name="rates_of_a_subscription",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} from {self.valid_from:%Y-%m-%d %H:%M}"


class PriceAdoption(models.Model):
    """A price version has reached every running subscription it was meant for."""

    price_version = models.OneToOneField(
        "pricing.PriceVersion", models.PROTECT, related_name="adoption"
    )
    adopted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"adopted {self.price_version_id}"
