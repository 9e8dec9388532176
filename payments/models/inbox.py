"""What gateways wrote to us, raw, and what became of it."""

from decimal import Decimal
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cmp.lib.money import Money
from payments.models.channel import PaymentChannel
from payments.models.recharge import Recharge

BODY_BYTES_MAX: Final = 256 * 1024


class GatewayMessage(models.Model):
    """A message as it arrived, stored before anything is believed.

    Rows are never removed; only the judgement is added, once.
    """

    class Origin(models.TextChoices):
        RETURN = "RETURN", _("Browser return")
        NOTICE = "NOTICE", _("Gateway notice")
        STATUS = "STATUS", _("Status check")

    class Verdict(models.TextChoices):
        CREDITED = "CREDITED", _("Credited")
        REPLAY = "REPLAY", _("Already credited")
        FAILED = "FAILED", _("Marked as declined")
        CANCELLED = "CANCELLED", _("Marked as cancelled")
        EXPIRED = "EXPIRED", _("Marked as expired")
        NOTED = "NOTED", _("Changed nothing")
        REVIEW = "REVIEW", _("Needs review")
        FOREIGN = "FOREIGN", _("For another merchant")
        BAD_SIGNATURE = "BAD_SIGNATURE", _("Wrong signature")
        UNREADABLE = "UNREADABLE", _("Not readable")

    channel = models.ForeignKey(PaymentChannel, models.PROTECT, related_name="messages")
    origin = models.CharField(max_length=6, choices=Origin)
    # The recharge a status check asked about.
    asked = models.ForeignKey(
        Recharge, models.PROTECT, null=True, blank=True, related_name="answers"
    )
    content_type = models.CharField(max_length=100, blank=True, default="")
    body = models.BinaryField()
    received_at = models.DateTimeField()

    judged_at = models.DateTimeField(null=True, blank=True)
    judged_verdict = models.CharField(
        max_length=13, choices=Verdict, blank=True, default=""
    )
    judged_reason = models.CharField(max_length=200, blank=True, default="")
    judged_recharge = models.ForeignKey(
        Recharge, models.PROTECT, null=True, blank=True, related_name="messages"
    )

    id: int
    channel_id: int

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["received_at", "id"],
                condition=Q(judged_at__isnull=True),
                name="message_not_judged_yet",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(judged_at__isnull=True, judged_verdict="", judged_recharge=None)
                    & Q(judged_reason="")
                    | Q(judged_at__isnull=False) & ~Q(judged_verdict="")
                ),
                name="message_is_judged_whole",
            ),
            models.CheckConstraint(
                condition=Q(origin="STATUS", asked__isnull=False)
                | Q(origin__in=["RETURN", "NOTICE"], asked__isnull=True),
                name="message_answers_a_question_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.origin} {self.judged_verdict or 'not judged'}"

    @property
    def is_judged(self) -> bool:
        return self.judged_at is not None

    @property
    def raw(self) -> bytes:
        return bytes(self.body)


class UnplacedPayment(models.Model):
    """Money a gateway reports, signed, that belongs to no recharge as it stands.

    It lies in the suspense pot until somebody decides. Rows are never changed.
    """

    class Reason(models.TextChoices):
        UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE", _("No such recharge")
        OTHER_AMOUNT = "OTHER_AMOUNT", _("Other amount or currency than asked")
        OTHER_CHANNEL = "OTHER_CHANNEL", _("The recharge belongs to another channel")
        PAID_TWICE = "PAID_TWICE", _("The recharge was already paid")

    channel = models.ForeignKey(PaymentChannel, models.PROTECT, related_name="unplaced")
    gateway_reference = models.CharField(max_length=40)
    message = models.OneToOneField(GatewayMessage, models.PROTECT, related_name="unplaced")
    recharge = models.ForeignKey(
        Recharge, models.PROTECT, null=True, blank=True, related_name="unplaced"
    )
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=20, choices=Reason)
    transaction_number = models.CharField(max_length=24, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "gateway_reference"],
                name="unplaced_payment_is_noted_once",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lt=Decimal("1e13")),
                name="unplaced_payment_amount_is_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway_reference} {self.money}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)
