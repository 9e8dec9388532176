"""Each hour's charges, and the rows by which runs share the work.

`billing_charge` is made by SQL in the second migration: partitioned by month, and every
insert is judged, moves the watermark and deducts (trigger `billing_charge_apply`).
"""

from django.db import models
from django.db.models import F, Q


class Charge(models.Model):
    """The use of one subscription in one clock hour, priced; never changed or removed.

    No foreign keys: they cost the run a multiple of its inserts (performance.md A); a
    check of `audit_books` stands in for them.
    """

    pk = models.CompositePrimaryKey("hour", "subscription_id")
    hour = models.DateTimeField()
    subscription_id = models.BigIntegerField()
    fund_pot_id = models.BigIntegerField()
    tenant_id = models.BigIntegerField()
    rate_id = models.BigIntegerField()
    seconds = models.IntegerField()
    price_version_id = models.IntegerField()
    amount = models.DecimalField(max_digits=20, decimal_places=6)

    def __str__(self) -> str:
        return (
            f"{self.hour:%Y-%m-%dT%HZ} subscription {self.subscription_id}: {self.amount}"
        )


class HourBatch(models.Model):
    """A range of fund pots to charge for one hour; claimed by locking the row.

    The truth about what is due stands in the watermarks; these rows only let several
    runs share an hour, and give a crashed run's share back.
    """

    hour = models.DateTimeField()
    first_pot_id = models.BigIntegerField()
    last_pot_id = models.BigIntegerField()
    planned_at = models.DateTimeField()
    charged_at = models.DateTimeField(null=True, blank=True)
    charges = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_pot_id__lte=F("last_pot_id")),
                name="batch_range_is_a_range",
            ),
        ]
        indexes = [
            models.Index(
                fields=["hour", "id"],
                condition=Q(charged_at__isnull=True),
                name="batches_to_charge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%dT%HZ} pots {self.first_pot_id}–{self.last_pot_id}"


class Parking(models.Model):
    """A fund account that the hourly run went on without, and why.

    Its watermark stands still, so nothing is lost: every run tries it again, and once
    the hour it stopped at is charged the entry is resolved.
    """

    fund_account = models.ForeignKey(
        "funds.FundAccount", models.PROTECT, related_name="parkings"
    )
    hour = models.DateTimeField()
    reason = models.CharField(max_length=300)
    parked_at = models.DateTimeField()
    last_tried_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=1)
    resolved_at = models.DateTimeField(null=True, blank=True)

    fund_account_id: int

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fund_account"],
                condition=Q(resolved_at__isnull=True),
                name="a_fund_account_is_parked_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fund_account_id} parked at {self.hour:%Y-%m-%dT%HZ}"
