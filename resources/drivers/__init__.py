"""Drivers by the name that an instance carries."""

from resources.drivers.base import Driver
from resources.drivers.simulated import SimulatedDriver

DRIVERS: dict[str, Driver] = {"simulated": SimulatedDriver()}
