"""What the status and response codes mean for a wallet (payfort.md section 6).

The table is open-ended: a code that is not listed here never credits and never fails
a payment, it leaves it open for the status sweep.
"""

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from payments.gateways.base import Outcome

PURCHASE_SUCCESS: Final = "14000"
QUERY_ANSWERED: Final = "12000"

_CANCELLED: Final = frozenset({"00072", "01072"})
# Technical problem, duplicate number, reference exists: they speak of the request, while
# an earlier one under the same reference may still be paid.
_ABOUT_THE_REQUEST: Final = frozenset({"00006", "00007", "00047", "00066"})
_FAILED_STATUSES: Final = frozenset({"00", "13"})
_ORDER_NOT_FOUND: Final = "036"

# What a payer can do something about, by the last three digits; banks say no more.
_REASONS: Final = {
    "012": gettext_noop("the card has expired"),
    "016": gettext_noop("the card number is wrong"),
    "017": gettext_noop("the bank does not allow this payment"),
    "029": gettext_noop("there is not enough money on the card"),
    "030": gettext_noop("the bank could not confirm that it is you"),
    "031": gettext_noop("the bank is not known to the provider"),
    "050": gettext_noop("the amount is above the card’s limit for one payment"),
    "071": gettext_noop("the bank could not be reached"),
    "078": gettext_noop("a check against fraud failed"),
    "100": gettext_noop("the card’s expiry date is wrong"),
    "123": gettext_noop("there were too many attempts"),
    "666": gettext_noop("the bank declined it without giving a reason"),
    "785": gettext_noop("a check against fraud failed"),
    "787": gettext_noop("the bank could not confirm that it is you"),
}


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


def explain(response_code: str) -> str:
    """The reason behind a code in the payer's words, as the end of a sentence."""
    reason = _REASONS.get(response_code[2:])
    return _(reason) if reason else ""
