"""What the hosted page does: take an order and a card, end it once, tell the shop."""

import json
import secrets
from dataclasses import dataclass

from tools.sandbox_gateway import cards, codes, messages, requests_in
from tools.sandbox_gateway.merchants import Merchant, Options
from tools.sandbox_gateway.notices import Courier
from tools.sandbox_gateway.script import Script
from tools.sandbox_gateway.store import Payment, Store

# One first try and nine more, as the gateway allows for cards.
ATTEMPTS = 10
# How long a return page waits for a notice that has to come first.
REORDER_TIMEOUT_S = 15.0
# How long a notice that has to come second waits after the return page was served.
AFTER_RETURN_S = 2.0


@dataclass(frozen=True)
class Refusal:
    """A request the gateway will not open a page for."""

    code: str
    fields: dict[str, str]
    merchant: Merchant | None


class Desk:
    """The gateway's counter. Each method is one thing a payer or a merchant can cause."""

    def __init__(self, store: Store, courier: Courier, options: Options) -> None:
        self.store = store
        self.courier = courier
        self.options = options

    def script_for(self, reference: str) -> Script:
        rows = self.store.run(
            "SELECT body FROM script WHERE reference IN (?, '*')"
            " ORDER BY reference DESC LIMIT 1",
            reference,
        )
        return Script.from_json(json.loads(rows[0]["body"])) if rows else Script()

    def take_failure(self, reference: str, name: str) -> int | None:
        """Return the HTTP status to fail with, counting one scripted failure down."""
        script = self.script_for(reference)
        left: int = getattr(script, name)
        if left == 0:
            return None
        if left > 0:
            self.store.run(
                "UPDATE script SET body = json_set(body, ?, ?) WHERE reference IN (?, '*')",
                *(f"$.{name}", left - 1, reference),
            )
        self.store.note(reference, "failed on purpose", status=script.failure_status)
        return script.failure_status

    def merchant_of(self, payment: Payment) -> Merchant:
        merchant = self.options.merchant(payment.merchant)
        assert merchant is not None
        return merchant

    def open_page(self, fields: dict[str, str]) -> Payment | Refusal:
        """Take a redirection request; a reference is good for one page only."""
        merchant = self.options.merchant(fields.get("merchant_identifier", ""))
        code = requests_in.refusal(fields, merchant) if merchant else "009"
        payment = None if code else self.store.add_payment(fields)
        reference = fields.get("merchant_reference", "")
        if payment is None:
            refusal = Refusal(f"00{code or '066'}", fields, merchant)
            self.store.note(reference, "refused", code=refusal.code, fields=sorted(fields))
            return refusal
        self.store.note(reference, "page opened", fort_id=payment.fort_id)
        return payment

    def pay(self, payment: Payment, entry: cards.Entry, *, choice: str, save: bool) -> None:
        """Try a card: paid, challenged, or declined with another try left."""
        known = cards.find(entry.number)
        shown = entry.public_fields()
        if save and self.merchant_of(payment).saves_cards:
            shown["token_name"] = secrets.token_hex(16)
        columns = {
            "card": json.dumps(shown),
            "choice": choice,
            "attempts": payment.attempts + 1,
        }
        if known and known.challenged:
            self.store.settle(payment, state="CHALLENGED", code="20064", **columns)
            self.store.note(payment.reference, "3-D Secure asked", card=entry.masked)
            return
        self._end_attempt(payment, known.result if known else codes.SUCCESS, **columns)

    def answer_challenge(self, payment: Payment, *, is_right: bool) -> None:
        """End the 3-D Secure step of an order that waits for one."""
        if payment.state == "CHALLENGED":
            self._end_attempt(
                payment, codes.SUCCESS if is_right else codes.NOT_AUTHENTICATED
            )

    def cancel(self, payment: Payment) -> None:
        """The payer gives up; the shop learns it from the return alone."""
        if self.store.settle(payment, state="CANCELLED", code=codes.CANCELLED):
            self.store.note(payment.reference, "cancelled by the payer")

    def return_form(self, payment: Payment) -> dict[str, str] | None:
        """The signed fields the browser carries back, or nothing if it is not sent back."""
        script = self.script_for(payment.reference).with_choice(payment.choice)
        if script.return_drop and payment.state == "PAID":
            self.store.note(payment.reference, "return dropped")
            return None
        if script.order == "notice_first" and payment.state == "PAID":
            self.courier.wait_until_heard(payment.reference, timeout_s=REORDER_TIMEOUT_S)
        fields = messages.outcome_of(payment, payment.code)
        sealed = messages.seal(fields, self.merchant_of(payment), script, "return")
        self.store.note(payment.reference, "return", code=payment.code)
        self.courier.release(payment.reference, wait_s=AFTER_RETURN_S)
        return sealed

    def announce(self, payment: Payment, fields: dict[str, str]) -> None:
        """Queue the notice of one result, as many times and as late as the script says."""
        script = self.script_for(payment.reference).with_choice(payment.choice)
        merchant = self.merchant_of(payment)
        url = messages.notice_url(
            merchant, self.store.notice_source(payment), self.options.notice_base
        )
        if script.notice_drop or not url:
            self.store.note(
                payment.reference, "notice dropped", code=fields["response_code"]
            )
            return
        sealed = messages.seal(fields, merchant, script, "notice")
        notice_format = script.notice_format or self.options.format_for(merchant)
        parcel = messages.encode(sealed, notice_format)
        is_held = script.order == "return_first"
        for _ in range(script.notice_copies):
            self.courier.add(
                payment.reference, url, parcel, wait_s=script.notice_delay_s, held=is_held
            )

    def _end_attempt(self, payment: Payment, code: str, **columns: object) -> None:
        is_paid = code == codes.SUCCESS
        attempts = columns.get("attempts", payment.attempts)
        is_over = not is_paid and attempts == ATTEMPTS
        state = "PAID" if is_paid else "FAILED" if is_over else "OPEN"
        if is_paid:
            columns["captured"] = int(payment.request["amount"])
        if not self.store.settle(payment, state=state, code=code, **columns):
            return
        ended = self.store.payment_by_key(payment.page_key)
        assert ended is not None
        if is_paid:
            self._keep_token(ended)
        self.store.note(payment.reference, "paid" if is_paid else "declined", code=code)
        self.announce(ended, messages.outcome_of(ended, code))

    def _keep_token(self, payment: Payment) -> None:
        if name := payment.card.get("token_name"):
            self.store.run(
                "INSERT INTO token VALUES (?, ?, ?, 'ACTIVE') ON CONFLICT DO NOTHING",
                *(name, payment.merchant, json.dumps(payment.card)),
            )
