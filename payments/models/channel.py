"""A configured way to pay."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from cmp.lib import crypto
from payments.gateways.base import Credentials


class PaymentChannel(models.Model):
    """A gateway account and its credentials; without a tenant it serves every tenant.

    Phrases are stored encrypted and leave only as `credentials()`. Kind and tenant never
    change; a deleted channel stays readable, because a late payment may still name it.
    """

    class Kind(models.TextChoices):
        PAYFORT = "PAYFORT", "PayFort"

    class ShaType(models.TextChoices):
        SHA_256 = "SHA-256", "SHA-256"
        SHA_512 = "SHA-512", "SHA-512"
        HMAC_256 = "HMAC-256", "HMAC-256"
        HMAC_512 = "HMAC-512", "HMAC-512"

    tenant = models.ForeignKey(
        Tenant, models.PROTECT, null=True, blank=True, related_name="payment_channels"
    )
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True, default="")
    kind = models.CharField(_("Payment method"), max_length=20, choices=Kind)
    address = models.CharField(max_length=200)
    access_code = models.CharField(max_length=40)
    merchant_identifier = models.CharField(max_length=40)
    sha_type = models.CharField(max_length=10, choices=ShaType)
    request_phrase_cipher = models.TextField()
    response_phrase_cipher = models.TextField()
    # A page of our own host; may hold {tenant} and {recharge}.
    return_url = models.CharField(max_length=400)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    id: int
    tenant_id: int | None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                condition=Q(deleted_at__isnull=True),
                nulls_distinct=False,
                name="channel_name_is_unique_in_its_tenant",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["PAYFORT"]), name="channel_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(sha_type__in=["SHA-256", "SHA-512", "HMAC-256", "HMAC-512"]),
                name="channel_sha_type_is_known",
            ),
            # Empty credentials would sign nothing or accept anything.
            models.CheckConstraint(
                condition=Q(
                    name__regex=r"\S",
                    address__regex=r"^https?://\S+$",
                    access_code__regex=r"^[A-Za-z0-9]+$",
                    merchant_identifier__regex=r"^[A-Za-z0-9]+$",
                    request_phrase_cipher__regex=r"\S",
                    response_phrase_cipher__regex=r"\S",
                    return_url__regex=r"\S",
                ),
                name="channel_is_complete",
            ),
            models.CheckConstraint(
                condition=~Q(request_phrase_cipher=models.F("response_phrase_cipher")),
                name="channel_phrases_are_two",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(is_active=False),
                name="channel_deleted_is_not_active",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_platform_wide(self) -> bool:
        return self.tenant_id is None

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def own_return_url(self) -> str:
        """Where the gateway sends the browser: always our own verifying view."""
        return f"{settings.PUBLIC_URL}/pay/{self.pk}/return"

    def credentials(self) -> Credentials:
        """Everything the gateway code needs, phrases in clear. Never store or log it."""
        return Credentials(
            address=self.address,
            access_code=self.access_code,
            merchant_identifier=self.merchant_identifier,
            sha_type=self.sha_type,
            request_phrase=crypto.decrypt(self.request_phrase_cipher),
            response_phrase=crypto.decrypt(self.response_phrase_cipher),
        )
