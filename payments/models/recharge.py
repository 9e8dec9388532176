"""One attempt to put money in a fund account."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from cmp.lib.money import Money
from payments.models.channel import PaymentChannel


class Recharge(models.Model):
    """One attempt of a payer to put money in a fund account through a channel.

    Who, what, where to and how much never change. The database allows only the moves
    CREATED → REDIRECTED → PAID, FAILED, CANCELLED, EXPIRED or REVIEW, and from each of
    the last four to PAID, because a late success is real money; PAID is final.
    """

    class State(models.TextChoices):
        CREATED = "CREATED", _("Not sent yet")
        REDIRECTED = "REDIRECTED", _("Waiting for payment")
        PAID = "PAID", _("Credited")
        FAILED = "FAILED", _("Declined")
        CANCELLED = "CANCELLED", _("Cancelled")
        EXPIRED = "EXPIRED", _("Expired")
        REVIEW = "REVIEW", _("In review")

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="recharges")
    fund_account = models.ForeignKey(
        "funds.FundAccount", models.PROTECT, related_name="recharges"
    )
    channel = models.ForeignKey(PaymentChannel, models.PROTECT, related_name="recharges")
    payer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="recharges"
    )
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    currency = models.CharField(max_length=3)
    # What the gateway knows it by; a new one for every attempt, so never reused.
    merchant_reference = models.CharField(max_length=40, unique=True)
    # Made with the form, so that sending it twice starts one recharge.
    form_key = models.UUIDField(unique=True)
    # A path of our own that the payer came from.
    return_to = models.CharField(max_length=400, blank=True, default="")
    purpose = models.CharField(max_length=200, blank=True, default="")
    language = models.CharField(max_length=8, default="en")

    state = models.CharField(max_length=10, choices=State, default=State.CREATED)
    gateway_reference = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 (absent is no value)
    gateway_code = models.CharField(max_length=10, blank=True, default="")
    transaction_number = models.CharField(max_length=24, null=True, blank=True)  # noqa: DJ001

    created_at = models.DateTimeField()
    redirected_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True)
    checks_done = models.PositiveIntegerField(default=0)

    id: int
    tenant_id: int
    fund_account_id: int
    channel_id: int
    payer_id: int

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="recharge_list"),
            models.Index(
                fields=["fund_account", "-created_at", "-id"], name="recharge_of_account"
            ),
            models.Index(
                fields=["next_check_at", "id"],
                condition=Q(next_check_at__isnull=False),
                name="recharge_due_for_a_check",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "gateway_reference"],
                condition=Q(gateway_reference__isnull=False),
                name="recharge_gateway_reference_is_used_once",
            ),
            models.UniqueConstraint(
                fields=["transaction_number"],
                name="recharge_transaction_is_used_once",
            ),
            # NaN passes every lower bound in PostgreSQL: bound both sides.
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lt=Decimal("1e13")),
                name="recharge_amount_is_sane",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                name="recharge_currency_is_a_code",
            ),
            models.CheckConstraint(
                condition=Q(merchant_reference__regex=r"^[A-Za-z0-9_.-]{1,40}$"),
                name="recharge_merchant_reference_fits_the_gateway",
            ),
            models.CheckConstraint(
                condition=Q(return_to="") | Q(return_to__regex=r"^/([^/\\]|$)"),
                name="recharge_returns_to_our_own_host",
            ),
            models.CheckConstraint(
                condition=(
                    Q(
                        state="PAID",
                        transaction_number__isnull=False,
                        gateway_reference__isnull=False,
                    )
                    | ~Q(state="PAID")
                    & Q(transaction_number__isnull=True, gateway_reference__isnull=True)
                ),
                name="recharge_is_paid_with_its_transaction",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=["PAID", "FAILED", "CANCELLED", "EXPIRED"])
                    & Q(settled_at__isnull=False)
                    | Q(state__in=["CREATED", "REDIRECTED", "REVIEW"])
                    & Q(settled_at__isnull=True)
                ),
                name="recharge_is_settled_with_its_time",
            ),
            models.CheckConstraint(
                condition=Q(redirected_at__isnull=False)
                | Q(state__in=["CREATED", "CANCELLED", "EXPIRED"]),
                name="recharge_was_redirected_before_an_answer",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["PAID", "EXPIRED"]) | Q(next_check_at__isnull=True),
                name="recharge_closed_is_not_checked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.money}"

    @property
    def number(self) -> str:
        return f"RC-{self.pk}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def transaction_id(self) -> int | None:
        number = self.transaction_number
        return int(number.removeprefix("T-")) if number else None

    @property
    def is_paid(self) -> bool:
        return self.state == self.State.PAID

    @property
    def is_open(self) -> bool:
        """Whether the payer may still be on the gateway's page."""
        return self.state in {self.State.CREATED, self.State.REDIRECTED}

    @property
    def is_cancelled(self) -> bool:
        return self.state == self.State.CANCELLED

    @property
    def is_expired(self) -> bool:
        return self.state == self.State.EXPIRED

    @property
    def is_in_review(self) -> bool:
        return self.state == self.State.REVIEW

    @property
    def checks_begin_at(self) -> datetime:
        """What the schedule of status checks counts from."""
        return self.redirected_at or self.created_at

    def age(self, at: datetime) -> timedelta:
        return at - self.checks_begin_at


# Money may still arrive for these, or somebody has to decide.
UNFINISHED: Final = (
    Recharge.State.CREATED,
    Recharge.State.REDIRECTED,
    Recharge.State.REVIEW,
)
