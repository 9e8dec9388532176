"""What every payment gateway offers: the one interface behind which a kind is added."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cmp.lib.errors import DomainError
from cmp.lib.money import Money


class Unreadable(DomainError):
    """The body is not a message of this gateway; `str()` says why, without its content."""


class BadSignature(DomainError):
    """The message is not signed by the gateway."""


class NotPayable(DomainError):
    """The gateway cannot take this payment; `str()` tells the payer what would be right."""

    field = "amount"


class GatewayUnreachable(Exception):
    """The gateway gave no usable answer: nothing is known, ask again later."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How we and one gateway account know each other."""

    address: str
    access_code: str
    merchant_identifier: str
    sha_type: str
    request_phrase: str = field(repr=False)
    response_phrase: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Payment:
    """What a payer is about to pay, in the words all gateways share."""

    reference: str
    amount: Money
    payer_email: str
    language: str
    description: str
    return_url: str


@dataclass(frozen=True, slots=True)
class SignedForm:
    """A form for the payer's browser to post to the gateway, fields in order."""

    url: str
    fields: Mapping[str, str]


class Outcome(StrEnum):
    """What a gateway says about a payment."""

    PAID = "PAID"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    NOT_FOUND = "NOT_FOUND"
    # Not decided, or not about this payment's outcome: nothing changes.
    OPEN = "OPEN"


@dataclass(frozen=True, slots=True)
class Report:
    """What a signed message says. Believed to come from the gateway, not yet compared."""

    outcome: Outcome
    reference: str
    # None where the message names no amount that could be meant.
    amount: Money | None
    # The gateway's own number of the payment.
    gateway_reference: str
    # Whether it is addressed to the account of the credentials it was checked with.
    is_ours: bool
    code: str

    @property
    def is_paid(self) -> bool:
        return self.outcome is Outcome.PAID


class Gateway(Protocol):
    """One kind of gateway. Implementations are stateless and touch no database."""

    def explain(self, code: str) -> str:
        """Say in the payer's words why it was not paid; empty if the code says nothing."""
        ...

    def check_address(self, address: str) -> str:
        """Return the address as stored; raises `NotPayable` if it may not be used."""
        ...

    def check_amount(self, amount: Money) -> None:
        """Raise `NotPayable` if the gateway cannot take exactly this amount."""
        ...

    def start(self, credentials: Credentials, payment: Payment) -> SignedForm:
        """Return the signed form that takes the payer to the gateway."""
        ...

    def read_message(
        self, credentials: Credentials, *, content_type: str, body: bytes
    ) -> Report:
        """Judge a message that arrived; raises `Unreadable` or `BadSignature`."""
        ...

    def read_status(
        self, credentials: Credentials, *, content_type: str, body: bytes, amount: Money
    ) -> Report:
        """Judge the answer to `ask_status` for a payment of `amount`; raises the same."""
        ...

    def ask_status(self, credentials: Credentials, *, reference: str) -> bytes:
        """Ask what became of a payment and return the answer raw, unjudged.

        Never inside a transaction. Raises `GatewayUnreachable`.
        """
        ...
