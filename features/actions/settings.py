"""Setting a billing feature."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.actions import audit
from accounts.models import User
from cmp.lib.errors import DomainError
from features import queries
from features.models import FeatureSetting
from features.registry import FEATURES

# Any constant of our own: one change at a time, so that min ≤ max holds between two rows.
_LOCK = 7_301_002


class LimitsCross(DomainError):
    """The smallest recharge would be above the largest."""


@transaction.atomic
def change(*, actor: User, key: str, typed: str, at: datetime) -> Any:
    """Set a feature to what was typed and return the value; audited with old and new.

    Setting the value it already has changes nothing and leaves no entry.
    Raises `NotAValue` for what the feature's kind refuses, `LimitsCross` if minimum and
    maximum recharge would cross, `KeyError` for an unknown feature.
    """
    feature = FEATURES[key]
    value = feature.kind.parse(typed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    before = queries.current().values
    if before[key] == value:
        return value
    _refuse_crossing({**before, key: value})
    FeatureSetting.objects.update_or_create(
        key=key,
        defaults={
            "value": feature.kind.store(value),
            "changed_at": at,
            "changed_by": actor,
        },
    )
    audit.record(
        actor=actor,
        verb="feature.changed",
        subject=f"feature:{key}",
        before={"value": feature.kind.store(before[key])},
        after={"value": feature.kind.store(value)},
        at=at,
    )
    return value


def _refuse_crossing(values: dict[str, Any]) -> None:
    smallest: Decimal = values["minimum_recharge"] or Decimal(0)
    largest: Decimal | None = values["maximum_recharge"]
    if largest is not None and smallest > largest:
        raise LimitsCross(
            _(
                "The minimum recharge (%(smallest)s) cannot be above"
                " the maximum (%(largest)s)."
            )
            % {"smallest": f"{smallest:,.2f}", "largest": f"{largest:,.2f}"}
        )
