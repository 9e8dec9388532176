"""Why money is owed: orders, subscriptions, what they cost, and each hour's charges."""

from billing.models.charges import Charge, HourBatch, Parking
from billing.models.orders import Order, OrderEvent
from billing.models.subscriptions import PriceAdoption, Rate, Subscription

__all__ = [
    "Charge",
    "HourBatch",
    "Order",
    "OrderEvent",
    "Parking",
    "PriceAdoption",
    "Rate",
    "Subscription",
]
