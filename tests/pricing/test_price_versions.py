"""PRI-03: Price lists: which version holds when, and that a published price stays."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditEntry
from pricing import queries, rating
from pricing.actions.price_versions import PriceVersionRefused
from pricing.models import Component, Price, PriceVersion, Sale
from tests.factories.pricing import LONG_AGO, ProductFactory, dearer, publish

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def hour_at(at: datetime, currency: str = "USD") -> Decimal:
    sheet = queries.sheet_at(product="instance", currency=currency, at=at)
    return rating.quote({Component.VCPU: 1}, sheet, Sale.HOURLY).total.amount


def test_a_version_holds_from_its_instant() -> None:
    publish()
    publish(prices=dearer("2"), effective_from=NOON, at=NOON - timedelta(days=1))

    assert hour_at(NOON - timedelta(microseconds=1)) == Decimal("0.021")
    assert hour_at(NOON) == Decimal("0.042")


def test_each_currency_has_its_own_list() -> None:
    publish("USD")
    publish("KWD", prices=dearer("0.3"))

    assert hour_at(NOON, "KWD") == Decimal("0.0063")
    with pytest.raises(queries.NoPrice, match="no price list in EUR"):
        hour_at(NOON, "EUR")


def test_no_price_before_the_first_version() -> None:
    publish()

    with pytest.raises(queries.NoPrice):
        hour_at(LONG_AGO - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("_case", "effective_from", "existing_from"),
    [
        ("begins in the past", NOON - timedelta(seconds=1), None),
        ("reaches running ones within an hour", NOON, NOON + timedelta(minutes=30)),
        ("reaches running ones before it begins", NOON + timedelta(hours=2), NOON),
    ],
)
def test_refuses_a_version_that_changes_what_was_sold(
    _case: str, effective_from: datetime, existing_from: datetime | None
) -> None:
    publish()

    with pytest.raises(PriceVersionRefused):
        publish(
            prices=dearer("2"),
            effective_from=effective_from,
            existing_from=existing_from,
            at=NOON,
        )

    assert PriceVersion.objects.count() == 1
    assert AuditEntry.objects.filter(verb="price_version.published").count() == 1


def test_only_versions_for_existing_reach_what_was_sold_before() -> None:
    first = publish()
    publish(prices=dearer("2"), effective_from=NOON, at=NOON)
    reaching = publish(
        prices=dearer("3"),
        effective_from=NOON + timedelta(hours=1),
        existing_from=NOON + timedelta(hours=5),
        at=NOON,
    )

    assert queries.versions_for_existing(currency="USD", newer_than=first.pk) == [reaching]
    assert queries.versions_for_existing(currency="USD", newer_than=reaching.pk) == []


ATTACKS = [
    ("price changed", "UPDATE pricing_price SET hourly = 0 WHERE version_id = %s"),
    ("price removed", "DELETE FROM pricing_price WHERE version_id = %s"),
    (
        "price added",
        "INSERT INTO pricing_price (version_id, product_id, component, hourly)"
        " SELECT %s, min(id), 'GPU', 0 FROM pricing_product",
    ),
    (
        "version moved",
        "UPDATE pricing_priceversion SET effective_from = now() WHERE id = %s",
    ),
    (
        "version withdrawn",
        "UPDATE pricing_priceversion SET published_at = NULL WHERE id = %s",
    ),
    ("version removed", "DELETE FROM pricing_priceversion WHERE id = %s"),
    ("emptied", "TRUNCATE pricing_price, pricing_priceversion -- %s"),
    ("currency changed", "UPDATE pricing_pricelist SET currency = 'EUR' -- %s"),
]


@pytest.mark.parametrize(("_case", "sql"), ATTACKS)
def test_the_database_keeps_published_prices(_case: str, sql: str) -> None:
    version = publish()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.replace("%s", str(version.pk)))

    assert hour_at(NOON) == Decimal("0.021")
    assert Price.objects.filter(version=version).count() == 4


@pytest.mark.parametrize("price", ["NaN", "-0.000001", "1e9"])
@pytest.mark.parametrize("column", ["hourly", "monthly"])
def test_the_database_refuses_a_price_nobody_means(price: str, column: str) -> None:
    version = publish()
    draft = PriceVersion.objects.create(price_list=version.price_list, effective_from=NOON)
    product = ProductFactory.create()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO pricing_price (version_id, product_id, component, {column})"
            " VALUES (%s, %s, 'VCPU', %s::numeric)",
            [draft.pk, product.pk, price],
        )

    assert not draft.prices.exists()


def test_a_version_that_is_not_effective_yet_can_be_withdrawn() -> None:
    publish()
    future = datetime(2999, 1, 1, tzinfo=UTC)
    version = publish(prices=dearer("2"), effective_from=future, at=NOON)

    PriceVersion.objects.filter(pk=version.pk).update(published_at=None)

    assert hour_at(future) == Decimal("0.021")
