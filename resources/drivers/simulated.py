"""A cloud that exists only here: deploys at once, fails when its name asks for it."""

import zlib

from resources.drivers.base import Deployed, DeploymentFailed, Machine


class SimulatedDriver:
    """Answers like a cloud, from the machine's name alone, so tests and demos repeat."""

    def deploy(self, machine: Machine) -> Deployed:
        if machine.name.lower().startswith("fail-"):
            raise DeploymentFailed("The simulated cloud has no room for this instance.")
        host = zlib.crc32(machine.reference.encode()) % 65_000 + 256
        # 203.0.113.0/24 and 10.0.0.0/8: documentation and private networks, never real.
        if machine.has_public_ip:
            return Deployed(f"203.0.113.{host % 254 + 1}")
        return Deployed(f"10.20.{host // 256}.{host % 254 + 1}")

    def remove(self, reference: str) -> None:
        """Nothing was built that could stay behind."""
