"""Reading features: every value in one query, right in every process on each request."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from features.models import FeatureSetting
from features.registry import FEATURES


@dataclass(frozen=True)
class Features:
    """The values of all features at one moment."""

    values: Mapping[str, Any]

    def is_on(self, key: str) -> bool:
        value = self.values[key]
        assert isinstance(value, bool), f"{key} is no switch"
        return value

    @property
    def cost_decimals(self) -> int:
        return int(self.values["cost_decimal_points"])

    @property
    def smallest_recharge(self) -> Decimal:
        """In the fund account's currency; 0 means no limit."""
        return self.values["minimum_recharge"] or Decimal(0)

    @property
    def largest_recharge(self) -> Decimal | None:
        """In the fund account's currency; None means no limit."""
        value: Decimal | None = self.values["maximum_recharge"]
        return value


def current() -> Features:
    """All features as they are now (one query of at most 20 rows, never cached)."""
    stored = dict(FeatureSetting.objects.values_list("key", "value"))
    return Features(
        {
            key: feature.kind.load(stored[key]) if key in stored else feature.default
            for key, feature in FEATURES.items()
        }
    )


def last_changes() -> dict[str, FeatureSetting]:
    """The stored rows by key, with who changed each last."""
    return {row.key: row for row in FeatureSetting.objects.select_related("changed_by")}
