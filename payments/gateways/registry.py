"""The gateway kinds there are. A new kind is a folder beside this file and a line in it."""

from typing import Final

from payments.gateways.base import Gateway
from payments.gateways.payfort.gateway import PayFortGateway

GATEWAYS: Final[dict[str, Gateway]] = {"PAYFORT": PayFortGateway()}


def gateway_of(kind: str) -> Gateway:
    """The gateway of a channel's kind; raises `KeyError` for a kind nobody wrote."""
    return GATEWAYS[kind]
