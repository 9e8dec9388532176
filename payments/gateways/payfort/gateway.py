"""PayFort (Amazon Payment Services) behind the interface that every gateway has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from cmp.lib.money import Money
from payments.gateways.base import (
    BadSignature,
    Credentials,
    NotPayable,
    Outcome,
    Payment,
    Report,
    SignedForm,
    Unreadable,
)
from payments.gateways.payfort import client, codes, messages, signature

_PAGE_PATH = "/FortAPI/paymentPage"


@dataclass(frozen=True)
class PayFortGateway:
    """Hosted page, signed notices, status query. Card data never comes near us."""

    def explain(self, code: str) -> str:
        """Say in the payer's words what stands behind a response code."""
        return codes.explain(code)

    def check_address(self, address: str) -> str:
        """Return the address of the hosted page; raises `NotPayable` if not configured."""
        if not client.is_allowed(address):
            raise NotPayable(
                _(
                    "Payments may not be sent to this address. The operator lists the "
                    "allowed hosts in PAYMENT_GATEWAY_HOSTS."
                )
            )
        parts = urlsplit(address)
        if parts.query or parts.fragment:
            raise NotPayable(_("Enter the address without “?” and “#”."))
        path = parts.path.rstrip("/")
        return client.origin_of(address) + (path or _PAGE_PATH)

    def check_amount(self, amount: Money) -> None:
        """Raise `NotPayable` if PayFort cannot take exactly this amount."""
        messages.amount_digits(amount)

    def start(self, credentials: Credentials, payment: Payment) -> SignedForm:
        """Return the signed redirection PURCHASE."""
        fields = messages.purchase_fields(
            payment,
            access_code=credentials.access_code,
            merchant_identifier=credentials.merchant_identifier,
        )
        return SignedForm(
            self.check_address(credentials.address), _signed(fields, credentials)
        )

    def read_message(
        self, credentials: Credentials, *, content_type: str, body: bytes
    ) -> Report:
        """Judge a browser return or a notice: only a PURCHASE tells of a payment."""
        fields = _verified(credentials, content_type, body)
        code = fields.get("response_code", "")
        outcome = codes.purchase_outcome(code)
        if fields.get("command") != "PURCHASE" or "query_command" in fields:
            outcome = Outcome.OPEN
        currency = fields.get("currency", "")
        return Report(
            outcome=outcome,
            reference=fields.get("merchant_reference", ""),
            amount=messages.money_of(fields, "amount", currency),
            gateway_reference=fields.get("fort_id", ""),
            is_ours=_is_ours(fields, credentials),
            code=code,
        )

    def read_status(
        self, credentials: Credentials, *, content_type: str, body: bytes, amount: Money
    ) -> Report:
        """Judge the answer to a status query; it names no currency, so ours holds."""
        fields = _verified(credentials, content_type, body)
        if fields.get("query_command") != "CHECK_STATUS" or "command" in fields:
            raise Unreadable("not an answer to a status query")
        outcome = _status_outcome(fields, amount.currency)
        captured = messages.money_of(fields, "captured_amount", amount.currency)
        return Report(
            outcome=outcome,
            reference=fields.get("merchant_reference", ""),
            amount=captured if outcome is Outcome.PAID else None,
            gateway_reference=fields.get("fort_id", ""),
            is_ours=_is_ours(fields, credentials),
            code=fields.get("transaction_code") or fields.get("response_code", ""),
        )

    def ask_status(self, credentials: Credentials, *, reference: str) -> bytes:
        """Send CHECK_STATUS and return the raw answer."""
        fields = messages.status_query_fields(
            reference,
            access_code=credentials.access_code,
            merchant_identifier=credentials.merchant_identifier,
        )
        return client.post(credentials.address, _signed(fields, credentials))


def _signed(fields: Mapping[str, str], credentials: Credentials) -> dict[str, str]:
    signed = signature.sign(
        fields, phrase=credentials.request_phrase, sha_type=credentials.sha_type
    )
    return {**fields, "signature": signed}


def _verified(credentials: Credentials, content_type: str, body: bytes) -> dict[str, str]:
    fields = messages.parse(content_type, body)
    for candidate in _as_it_may_be_signed(fields):
        if signature.verify(
            candidate, phrase=credentials.response_phrase, sha_type=credentials.sha_type
        ):
            return fields
    raise BadSignature("the signature does not match")


def _as_it_may_be_signed(fields: dict[str, str]) -> Iterator[dict[str, str]]:
    yield fields
    # One official kit signs the return URL percent-decoded once more (payfort.md 2.1).
    return_url = fields.get("return_url", "")
    if "%" in return_url:
        yield {**fields, "return_url": unquote(return_url)}


def _is_ours(fields: Mapping[str, str], credentials: Credentials) -> bool:
    return (
        fields.get("access_code") == credentials.access_code
        and fields.get("merchant_identifier") == credentials.merchant_identifier
    )


def _status_outcome(fields: Mapping[str, str], currency: str) -> Outcome:
    answered = fields.get("response_code", "")
    if codes.is_not_found(answered):
        return Outcome.NOT_FOUND
    if answered != codes.QUERY_ANSWERED:
        return Outcome.OPEN
    code = fields.get("transaction_code", "")
    if not code:
        return Outcome.OPEN
    outcome = codes.purchase_outcome(code)
    refunded = messages.money_of(fields, "refunded_amount", currency)
    # It reports the latest operation: money that went back since must not be credited.
    if outcome is Outcome.PAID and refunded is not None and refunded.is_positive:
        return Outcome.OPEN
    return outcome
