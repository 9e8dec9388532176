from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts.models import AuditEntry, User
from features import queries
from features.actions import settings
from features.kinds import NotAValue
from features.models import FeatureSetting
from features.registry import FEATURES

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_all_twenty_features_are_declared() -> None:
    assert len(FEATURES) == 20


@pytest.mark.parametrize("key", sorted(FEATURES))
def test_defaults_survive_storing(key: str) -> None:
    feature = FEATURES[key]

    assert feature.kind.load(feature.kind.store(feature.default)) == feature.default


@pytest.mark.django_db
def test_a_change_is_read_at_once_and_audited_with_old_and_new(sam: User) -> None:
    """TOG-22: at once, and audited with old and new."""
    settings.change(actor=sam, key="minimum_recharge", typed="25.50", at=AT)

    entry = AuditEntry.objects.get()
    assert queries.current().smallest_recharge == Decimal("25.50")
    assert (entry.verb, entry.before, entry.after, entry.actor) == (
        "feature.changed",
        {"value": ""},
        {"value": "25.50"},
        sam,
    )


@pytest.mark.django_db
def test_setting_the_same_value_leaves_no_entry(sam: User) -> None:
    settings.change(actor=sam, key="cost_decimal_points", typed="2", at=AT)

    assert FeatureSetting.objects.count() == 0
    assert AuditEntry.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("cost_decimal_points", "7"),
        ("cost_decimal_points", "-1"),
        ("cost_decimal_points", "2.5"),
        ("cost_decimal_points", ""),
        ("minimum_recharge", "NaN"),
        ("minimum_recharge", "1e40"),
        ("minimum_recharge", "-5"),
        ("maximum_recharge", "9" * 20),
        ("billing_plan", "BARTER"),
        ("promo_code_prefix", "no blanks"),
        ("promo_code_prefix", "MORETHANTWELVE"),
        ("invoice_menu", "maybe"),
    ],
)
def test_refuses_what_is_no_value_and_changes_nothing(
    sam: User, key: str, typed: str
) -> None:
    with pytest.raises(NotAValue):
        settings.change(actor=sam, key=key, typed=typed, at=AT)

    assert FeatureSetting.objects.count() == 0
    assert AuditEntry.objects.count() == 0


@pytest.mark.django_db
def test_minimum_and_maximum_recharge_never_cross(sam: User) -> None:
    """TOG-20: the maximum never falls below the minimum."""
    settings.change(actor=sam, key="maximum_recharge", typed="50", at=AT)

    with pytest.raises(settings.LimitsCross, match=r"minimum recharge \(50\.01\)"):
        settings.change(actor=sam, key="minimum_recharge", typed="50.01", at=AT)

    assert queries.current().smallest_recharge == Decimal(0)
    settings.change(actor=sam, key="minimum_recharge", typed="50", at=AT)
    assert queries.current().smallest_recharge == queries.current().largest_recharge == 50


@pytest.mark.django_db
def test_no_limit_is_an_empty_maximum(sam: User) -> None:
    settings.change(actor=sam, key="maximum_recharge", typed="50", at=AT)
    settings.change(actor=sam, key="maximum_recharge", typed="", at=AT)

    assert queries.current().largest_recharge is None
