"""The small interface behind which every cloud stands."""

from dataclasses import dataclass
from typing import Protocol


class DeploymentFailed(Exception):
    """The cloud says no, for good; its text is shown to the requester."""


class CloudUnreachable(Exception):
    """The outcome is not known; asking again under the same reference is safe."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What to build. `reference` is ours and unique: the same one is built only once."""

    reference: str
    name: str
    vcpu: int
    memory_gib: int
    disk_gib: int
    has_public_ip: bool


@dataclass(frozen=True, slots=True)
class Deployed:
    """A machine that runs."""

    address: str


class Driver(Protocol):
    """Builds and removes machines on one kind of cloud.

    Called outside of any transaction, possibly again after a crash: both calls must be
    repeatable under the same reference. Neither ever learns a price.
    """

    def deploy(self, machine: Machine) -> Deployed:
        """Build the machine; raises `DeploymentFailed` or `CloudUnreachable`."""

    def remove(self, reference: str) -> None:
        """Remove what was built, or nothing; raises `CloudUnreachable`."""
