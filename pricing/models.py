"""How much: products and the versioned price lists they are sold by."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

# NaN passes every comparison with a lower bound in Postgres: bound both sides.
_SANE = 1_000_000_000


class Sale(models.TextChoices):
    """The two ways a product is sold."""

    HOURLY = "HOURLY", _("Hourly")
    TERM = "TERM", _("One month")


class Component(models.TextChoices):
    """What a configuration is made of; each has its own price per unit."""

    VCPU = "VCPU", _("vCPU")
    MEMORY_GIB = "MEMORY_GIB", _("Memory")
    DISK_GIB = "DISK_GIB", _("Disk")
    PUBLIC_IP = "PUBLIC_IP", _("Public IP")


class Product(models.Model):
    """Something that is sold."""

    class State(models.TextChoices):
        ON_SALE = "ON_SALE", _("On sale")
        RETIRED = "RETIRED", _("Retired")

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.ON_SALE)

    def __str__(self) -> str:
        return self.name


class PriceList(models.Model):
    """The prices of one currency, as a row of versions."""

    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["currency"], name="one_price_list_per_currency"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                name="price_list_currency_is_a_code",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PriceVersion(models.Model):
    """A whole set of prices that holds from an instant until the next version does.

    A draft until it is published; from then on its prices do not change, and once it is
    effective nothing about it does (triggers of the first migration). New sales take it
    from `effective_from`, running subscriptions from `existing_from`, or never.
    """

    price_list = models.ForeignKey(PriceList, models.PROTECT, related_name="versions")
    effective_from = models.DateTimeField()
    existing_from = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["price_list", "effective_from"],
                condition=Q(published_at__isnull=False),
                name="one_published_version_per_instant",
            ),
            models.CheckConstraint(
                condition=Q(existing_from__isnull=True)
                | Q(existing_from__gte=models.F("effective_from")),
                name="prices_reach_existing_subscriptions_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price_list} from {self.effective_from:%Y-%m-%d %H:%M}"


class Price(models.Model):
    """What one unit of a component costs in a version; null means not sold that way."""

    version = models.ForeignKey(PriceVersion, models.PROTECT, related_name="prices")
    product = models.ForeignKey(Product, models.PROTECT, related_name="prices")
    component = models.CharField(max_length=20, choices=Component)
    hourly = models.DecimalField(max_digits=20, decimal_places=12, null=True, blank=True)
    monthly = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "product", "component"],
                name="one_price_per_version_product_component",
            ),
            models.CheckConstraint(
                condition=Q(hourly__isnull=True)
                | (Q(hourly__gte=0) & Q(hourly__lt=100_000_000)),
                name="hourly_price_is_a_sane_number",
            ),
            models.CheckConstraint(
                condition=Q(monthly__isnull=True)
                | (Q(monthly__gte=0) & Q(monthly__lt=_SANE)),
                name="monthly_price_is_a_sane_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.hourly}/{self.monthly}"
