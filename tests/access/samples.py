"""What stands in the placeholders of URLs: one object of each tenant, made by real actions.

A new placeholder needs a line here. `Sample.of` maps a tenant's slug to its object's
value in the URL; `personally` names the personas who reach it although only a personal
right (such as owning the fund account) opens the page for them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tests.access.personas import ACME, GLOBEX
from tests.access.stage import Stage

MISSING: Final = """\
The URL placeholder <{kwarg}> of {path} has no sample object.
Add to SAMPLES in tests/access/samples.py a function that makes one object for each of the
two tenants by the product's own actions and returns Sample(of={{ACME: …, GLOBEX: …}},
absent=…), keyed "<app>.{kwarg}" or "{kwarg}"."""


@dataclass(frozen=True)
class Sample:
    """The value of a placeholder per tenant, and one that no object has."""

    of: dict[str, object]
    absent: object
    personally: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def is_of_tenants(self) -> bool:
        """False for things of the platform, which are the same for everybody."""
        return self.of[ACME] != self.of[GLOBEX]


def feature_key(_stage: Stage) -> Sample:
    return Sample(of=dict.fromkeys((ACME, GLOBEX), "invoice_menu"), absent="no-such")


SAMPLES: Final[dict[str, Callable[[Stage], Sample]]] = {
    "features.key": feature_key,
}


def sample_for(kwarg: str, app: str, path: str, stage: Stage) -> Sample:
    """The sample for a placeholder; fails with what to do when there is none."""
    make = SAMPLES.get(f"{app}.{kwarg}") or SAMPLES.get(kwarg)
    assert make, MISSING.format(kwarg=kwarg, path=path)
    return make(stage)
