"""Channels, recharges and what gateways wrote to us.

The rules that guard money are also in the database: `payments/sql/`.
"""

from payments.models.channel import PaymentChannel
from payments.models.inbox import GatewayMessage, UnplacedPayment
from payments.models.recharge import UNFINISHED, Recharge

__all__ = ["UNFINISHED", "GatewayMessage", "PaymentChannel", "Recharge", "UnplacedPayment"]
