"""Reads about prices."""

from datetime import datetime

from django.db.models import F, Prefetch, QuerySet
from django.db.models.functions import Coalesce

from cmp.lib.errors import DomainError
from pricing.models import Component, Price, PriceList, PriceVersion, Product
from pricing.rating import PriceSheet, UnitPrice

INSTANCE = "instance"


class NoPrice(DomainError):
    """No published price list of this currency holds at that time."""


def products_on_sale() -> QuerySet[Product]:
    return Product.objects.filter(state=Product.State.ON_SALE).order_by("name")


def sheet_at(*, product: str, currency: str, at: datetime) -> PriceSheet:
    """The prices that a new sale at `at` takes; raises `NoPrice`."""
    version = (
        PriceVersion.objects.filter(
            price_list__currency=currency,
            published_at__isnull=False,
            effective_from__lte=at,
        )
        .order_by("-effective_from")
        .first()
    )
    if version is None:
        raise NoPrice(f"There is no price list in {currency} yet.")
    return sheet_of(product=product, version_id=version.pk)


def sheet_of(*, product: str, version_id: int) -> PriceSheet:
    """The prices of a product in one version; raises `NoPrice` when it has none."""
    prices = Price.objects.filter(
        version_id=version_id, product__code=product
    ).select_related("version__price_list")
    units = [UnitPrice(Component(p.component), p.hourly, p.monthly) for p in prices]
    if not units:
        raise NoPrice("This product has no price in the list that holds now.")
    return PriceSheet.of(version_id, prices[0].version.price_list.currency, units)


def versions_for_existing(*, currency: str, newer_than: int) -> list[PriceVersion]:
    """Published versions that reach what `newer_than` sold, in the order they do."""
    sold_by = PriceVersion.objects.get(pk=newer_than)
    return list(
        PriceVersion.objects.filter(
            price_list__currency=currency,
            published_at__isnull=False,
            existing_from__isnull=False,
            effective_from__gt=sold_by.effective_from,
        ).order_by("existing_from", "effective_from")
    )


def price_lists() -> QuerySet[PriceList]:
    """Every list with its versions, newest first, and their prices."""
    versions = PriceVersion.objects.order_by(
        Coalesce("published_at", "created_at").desc(), F("effective_from").desc()
    ).prefetch_related(Prefetch("prices", Price.objects.select_related("product")))
    return PriceList.objects.order_by("currency").prefetch_related(
        Prefetch("versions", versions)
    )
