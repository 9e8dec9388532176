"""What the status and response codes mean for a wallet (payfort.md section 6).

The table is open-ended: a code that is not listed here never credits and never fails
a payment, it leaves it open for the status sweep.
"""

from typing import Final

from payments.gateways.base import Outcome

PURCHASE_SUCCESS: Final = "14000"
QUERY_ANSWERED: Final = "12000"

_CANCELLED: Final = frozenset({"00072", "01072"})
# Technical problem, duplicate number, reference exists: they speak of the request, while
# an earlier one under the same reference may still be paid.
_ABOUT_THE_REQUEST: Final = frozenset({"00006", "00007", "00047", "00066"})
_FAILED_STATUSES: Final = frozenset({"00", "13"})
_ORDER_NOT_FOUND: Final = "036"


def purchase_outcome(response_code: str) -> Outcome:
    """What a PURCHASE message with this code says about the payment."""
    if response_code == PURCHASE_SUCCESS:
        return Outcome.PAID
    if response_code in _CANCELLED:
        return Outcome.CANCELLED
    if response_code[:2] in _FAILED_STATUSES and response_code not in _ABOUT_THE_REQUEST:
        return Outcome.FAILED
    return Outcome.OPEN


def is_not_found(response_code: str) -> bool:
    """Whether a status query failed because the gateway knows no such order."""
    return response_code[:2] in {"00", "11"} and response_code[2:] == _ORDER_NOT_FOUND
