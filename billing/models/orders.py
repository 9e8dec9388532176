"""Orders and their timeline. The legal moves are a trigger of the second migration."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cmp.lib.money import Money
from pricing.models import Sale
from resources.actions.instances import Shape


class Order(models.Model):
    """What somebody asked for, at which price, and how far it has come.

    The price is fixed when the order is made. A prepaid one waits for its payment and
    has no instance before; `hold_id` is the transaction that set the money aside.
    """

    class Kind(models.TextChoices):
        NEW = "NEW", _("New purchase")

    class State(models.TextChoices):
        PENDING_PAYMENT = "PENDING_PAYMENT", _("Pending payment")
        PROCESSING = "PROCESSING", _("Processing")
        COMPLETED = "COMPLETED", _("Completed")
        CANCELLED = "CANCELLED", _("Cancelled")
        FAILED = "FAILED", _("Failed")

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.NEW)
    state = models.CharField(max_length=20, choices=State)
    tenant = models.ForeignKey("accounts.Tenant", models.PROTECT, related_name="orders")
    business_group = models.ForeignKey(
        "accounts.BusinessGroup", models.PROTECT, related_name="orders"
    )
    fund_account = models.ForeignKey(
        "funds.FundAccount", models.PROTECT, related_name="orders"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="orders"
    )
    form_key = models.UUIDField()

    product = models.ForeignKey("pricing.Product", models.PROTECT, related_name="orders")
    name = models.CharField(max_length=60)
    vcpu = models.PositiveSmallIntegerField()
    memory_gib = models.PositiveSmallIntegerField()
    disk_gib = models.PositiveIntegerField()
    has_public_ip = models.BooleanField(default=False)
    sale = models.CharField(max_length=10, choices=Sale)
    months = models.PositiveSmallIntegerField(default=0)

    currency = models.CharField(max_length=3)
    # Per hour when sold hourly, for the whole term otherwise.
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    per_second = models.DecimalField(max_digits=20, decimal_places=12)
    price_version = models.ForeignKey(
        "pricing.PriceVersion", models.PROTECT, related_name="orders"
    )
    # The quote's lines as text: component, quantity, unit price, amount.
    lines = models.JSONField(default=list)
    needs_payment = models.BooleanField()
    hold_amount = models.DecimalField(max_digits=20, decimal_places=6, default=Decimal(0))
    hold_id = models.BigIntegerField(null=True, blank=True)

    instance = models.OneToOneField(
        "resources.Instance", models.PROTECT, null=True, blank=True, related_name="order"
    )
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)

    id: int
    tenant_id: int
    business_group_id: int
    fund_account_id: int
    requested_by_id: int
    price_version_id: int
    instance_id: int | None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["form_key"], name="one_order_per_form"),
            models.UniqueConstraint(
                fields=["hold_id"],
                condition=Q(hold_id__isnull=False),
                name="one_order_per_hold",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lt=Decimal("1e13")),
                name="order_amount_is_sane",
            ),
            models.CheckConstraint(
                condition=Q(sale="HOURLY", months=0, per_second__gt=0)
                | Q(sale="TERM", months__gt=0, per_second=0),
                name="order_is_hourly_or_for_a_term",
            ),
            models.CheckConstraint(
                condition=Q(needs_payment=True, hold_amount__gte=models.F("amount"))
                | Q(needs_payment=False, hold_amount=0, hold_id__isnull=True),
                name="order_holds_what_it_costs",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["PROCESSING", "COMPLETED"])
                | Q(instance__isnull=False)
                & (
                    Q(needs_payment=False) | Q(hold_id__isnull=False, paid_at__isnull=False)
                ),
                name="order_is_paid_before_it_is_worked_on",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["PENDING_PAYMENT", "PROCESSING"], finished_at__isnull=True
                )
                | Q(
                    state__in=["COMPLETED", "CANCELLED", "FAILED"],
                    finished_at__isnull=False,
                ),
                name="order_is_finished_once_it_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "-created_at", "-id"], name="orders_of_a_tenant"
            ),
            models.Index(fields=["-created_at", "-id"], name="orders_newest_first"),
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(state__in=["PENDING_PAYMENT", "PROCESSING"]),
                name="orders_to_sweep",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"OR-{self.pk}"

    @property
    def reference(self) -> str:
        """How transactions name this order."""
        return f"order:{self.pk}"

    @property
    def total(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def held(self) -> Money:
        """What is set aside when the order is paid."""
        return Money(self.hold_amount, self.currency)

    @property
    def shape(self) -> Shape:
        return Shape(self.vcpu, self.memory_gib, self.disk_gib, self.has_public_ip)

    @property
    def is_hourly(self) -> bool:
        return self.sale == Sale.HOURLY

    @property
    def is_payable(self) -> bool:
        return self.state == self.State.PENDING_PAYMENT

    @property
    def is_in_progress(self) -> bool:
        return self.state == self.State.PROCESSING

    @property
    def is_completed(self) -> bool:
        return self.state == self.State.COMPLETED

    @property
    def is_failed(self) -> bool:
        return self.state == self.State.FAILED


class OrderEvent(models.Model):
    """One entry of an order's timeline. Rows are never changed or removed."""

    class Kind(models.TextChoices):
        SUBMITTED = "SUBMITTED", _("Order submitted")
        PAID = "PAID", _("Amount held from the fund account")
        DEPLOYING = "DEPLOYING", _("Deployment started")
        RETRIED = "RETRIED", _("Deployment tried again")
        CAPTURED = "CAPTURED", _("Held amount deducted")
        RELEASED = "RELEASED", _("Held amount released")
        COMPLETED = "COMPLETED", _("Instance runs")
        FAILED = "FAILED", _("Deployment failed, nothing was charged")
        CANCELLED = "CANCELLED", _("Order cancelled")
        ENDED = "ENDED", _("Instance deleted, charging ended")

    order = models.ForeignKey(Order, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Text, so that an entry reads the same after the person's name changed.
    actor_name = models.CharField(max_length=254, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["order", "at", "id"], name="timeline_of_an_order")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind}"
