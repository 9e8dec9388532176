"""Products and price lists, published by the action that the product uses."""

from datetime import UTC, datetime
from decimal import Decimal

from factory.django import DjangoModelFactory

from pricing.actions import price_versions
from pricing.models import Component, PriceVersion, Product
from pricing.rating import PriceSheet, UnitPrice

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

STANDARD = (
    UnitPrice(Component.VCPU, Decimal("0.021"), Decimal("12.00")),
    UnitPrice(Component.MEMORY_GIB, Decimal("0.006"), Decimal("3.50")),
    UnitPrice(Component.DISK_GIB, Decimal("0.000123456789"), Decimal("0.07")),
    UnitPrice(Component.PUBLIC_IP, Decimal("0.005"), Decimal("3.00")),
)


class ProductFactory(DjangoModelFactory[Product]):
    class Meta:
        model = Product
        django_get_or_create = ("code",)

    code = "instance"
    name = "Instance"


def sheet(currency: str = "USD", **changed: UnitPrice) -> PriceSheet:
    """A price sheet without a database; `changed` replaces prices by component name."""
    prices = {price.component: price for price in STANDARD}
    prices.update({Component[name]: price for name, price in changed.items()})
    return PriceSheet(1, currency, prices)


def dearer(factor: str) -> tuple[UnitPrice, ...]:
    """The standard prices times `factor`."""
    times = Decimal(factor)
    return tuple(
        UnitPrice(
            price.component,
            price.hourly and round(price.hourly * times, 12),
            price.monthly and round(price.monthly * times, 6),
        )
        for price in STANDARD
    )


def publish(
    currency: str = "USD",
    *,
    prices: tuple[UnitPrice, ...] = STANDARD,
    effective_from: datetime = LONG_AGO,
    existing_from: datetime | None = None,
    at: datetime = LONG_AGO,
) -> PriceVersion:
    """Publish a version of the currency's list for the product `instance`."""
    return price_versions.publish(
        actor=None,
        currency=currency,
        prices={ProductFactory.create(): prices},
        effective_from=effective_from,
        existing_from=existing_from,
        at=at,
    )
