"""The steps of the hosted page, each an address: open, card, challenge, cancel, return."""

from datetime import UTC, datetime

from tools.sandbox_gateway import cards, codes, messages, pages
from tools.sandbox_gateway.answers import Answer, as_page, as_text, see
from tools.sandbox_gateway.desk import Desk, Refusal
from tools.sandbox_gateway.store import Payment

ASSETS = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "lock.svg": "image/svg+xml",
}
RIGHT_OTP = "1234"


def open_page(desk: Desk, fields: dict[str, str]) -> Answer:
    """Answer the merchant's redirection: the card page, or why there is none."""
    opened = desk.open_page(fields)
    if isinstance(opened, Payment):
        return see(f"/FortAPI/page/{opened.page_key}")
    return refuse(opened.code, fields, _way_back(desk, opened))


def refuse(code: str, fields: dict[str, str], back: dict[str, str] | None = None) -> Answer:
    return as_page(pages.error_page(code, fields, back), 400)


def show(desk: Desk, path: str, query: dict[str, str]) -> Answer:
    """Show one step; an order that is over is only ever returned."""
    payment, step = _find(desk, path)
    if payment is None:
        return refuse("00036", {})
    if step == "return":
        return _show_return(desk, payment)
    if not payment.is_open:
        return see(_address(payment, "return"))
    merchant = desk.merchant_of(payment)
    if step == "challenge" and payment.state == "CHALLENGED":
        return as_page(pages.challenge_page(payment, merchant))
    return as_page(pages.card_page(payment, merchant, typed=_typed_by(query)))


def act(desk: Desk, path: str, form: dict[str, str]) -> Answer:
    """Take what the payer sent, then send the browser to where the order stands."""
    payment, step = _find(desk, path)
    if payment is None:
        return refuse("00036", {})
    if step == "pay" and payment.is_open:
        return _pay(desk, payment, form)
    if step == "challenge":
        is_right = (
            form.get("answer") == "confirm" and form.get("otp", "").strip() == RIGHT_OTP
        )
        desk.answer_challenge(payment, is_right=is_right)
    elif step == "cancel":
        desk.cancel(payment)
    elif step == "return":
        return see(_address(payment, "return"))
    return _onwards(desk, payment)


def asset(name: str) -> Answer:
    if name not in ASSETS:
        return as_text("not found", 404)
    return Answer((pages.HERE / "assets" / name).read_bytes(), ASSETS[name])


def _pay(desk: Desk, payment: Payment, form: dict[str, str]) -> Answer:
    entry = cards.clean(form)
    mistakes = entry.mistakes(datetime.now(UTC).date())
    if mistakes:
        page = pages.card_page(
            payment, desk.merchant_of(payment), typed=form, mistakes=mistakes
        )
        return as_page(page, 422)
    wants_saving = "YES" in {form.get("remember_me"), payment.request.get("remember_me")}
    desk.pay(payment, entry, choice=form.get("choice", "normal"), save=wants_saving)
    return _onwards(desk, payment)


def _onwards(desk: Desk, payment: Payment) -> Answer:
    now = desk.store.payment_by_key(payment.page_key)
    assert now is not None
    step = {"OPEN": "", "CHALLENGED": "challenge"}.get(now.state, "return")
    return see(_address(now, step))


def _show_return(desk: Desk, payment: Payment) -> Answer:
    if payment.state == "CHALLENGED" or payment.code == codes.STORED:
        return see(_address(payment, ""))
    fields = desk.return_form(payment)
    if fields is None:
        return as_page(pages.done_page(payment, desk.options.notice_base))
    return as_page(pages.return_page(payment, fields))


def _typed_by(query: dict[str, str]) -> dict[str, str]:
    card = cards.find(query.get("use", ""))
    if card is None:
        return {}
    return {
        "card_number": card.spaced,
        "expiry_date": card.expiry,
        "card_security_code": card.cvv,
    }


def _way_back(desk: Desk, refusal: Refusal) -> dict[str, str] | None:
    """A refusal goes back to the shop; unsigned if the shop could not prove who it is."""
    if refusal.merchant is None or not refusal.fields.get("return_url", "").startswith(
        "http"
    ):
        return None
    told = {name: text for name, text in refusal.fields.items() if name != "signature"}
    told["status"] = refusal.code[:2]
    told["response_code"] = refusal.code
    told["response_message"] = codes.message(refusal.code, told.get("language", "en"))
    if refusal.code in {"00008", "00010"}:
        return told
    script = desk.script_for(told.get("merchant_reference", ""))
    return messages.seal(told, refusal.merchant, script, "return")


def _find(desk: Desk, path: str) -> tuple[Payment | None, str]:
    page_key, _slash, step = path.removeprefix("/FortAPI/page/").partition("/")
    return desk.store.payment_by_key(page_key), step


def _address(payment: Payment, step: str) -> str:
    return f"/FortAPI/page/{payment.page_key}{'/' if step else ''}{step}"
