"""Making price lists: draft a version, set its prices, publish it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from accounts.actions import audit
from accounts.models import User
from cmp.lib.clock import hour_floor
from cmp.lib.errors import DomainError
from cmp.lib.money import is_currency
from pricing.models import Price, PriceList, PriceVersion, Product
from pricing.rating import UnitPrice


class PriceVersionRefused(DomainError):
    """The version cannot be published as asked."""


@transaction.atomic
def publish(
    *,
    actor: User | None,
    currency: str,
    prices: Mapping[Product, Sequence[UnitPrice]],
    effective_from: datetime,
    at: datetime,
    existing_from: datetime | None = None,
) -> PriceVersion:
    """Publish a new version of the currency's price list and return it.

    Prices never change behind a sale that was already made: only the first version of a
    list may begin in the past. Running subscriptions change on a full hour, since an
    hour has one price.
    """
    assert is_currency(currency), f"unknown currency {currency!r}"
    price_list, _ = PriceList.objects.get_or_create(
        currency=currency, defaults={"name": f"Standard {currency}"}
    )
    PriceList.objects.select_for_update(no_key=True).get(pk=price_list.pk)
    _refuse_past(price_list, effective_from, existing_from, at)
    version = PriceVersion.objects.create(
        price_list=price_list, effective_from=effective_from, existing_from=existing_from
    )
    Price.objects.bulk_create(
        Price(
            version=version,
            product=product,
            component=price.component,
            hourly=price.hourly,
            monthly=price.monthly,
        )
        for product, units in prices.items()
        for price in units
    )
    version.published_at = at
    version.save(update_fields=["published_at"])
    _record(actor, version, at)
    return version


def _refuse_past(
    price_list: PriceList,
    effective_from: datetime,
    existing_from: datetime | None,
    at: datetime,
) -> None:
    has_versions = price_list.versions.filter(published_at__isnull=False).exists()
    if has_versions and effective_from < at:
        raise PriceVersionRefused("New prices begin in the future; this time has passed.")
    if existing_from is None:
        return
    if existing_from != hour_floor(existing_from):
        raise PriceVersionRefused("Running subscriptions change price on a full hour.")
    if existing_from < max(at, effective_from):
        raise PriceVersionRefused("Running subscriptions cannot change price in the past.")


def _record(actor: User | None, version: PriceVersion, at: datetime) -> None:
    existing = version.existing_from
    audit.record(
        actor=actor,
        verb="price_version.published",
        subject=f"price_version:{version.pk}",
        after={
            "price_list": version.price_list.name,
            "effective_from": version.effective_from.isoformat(),
            "existing_from": existing.isoformat() if existing else None,
        },
        at=at,
    )
