"""Renders the hosted pages. What goes into a page is escaped unless it is a `Fragment`."""

import html
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from tools.sandbox_gateway import cards, codes
from tools.sandbox_gateway.merchants import Merchant
from tools.sandbox_gateway.requests_in import shown_amount
from tools.sandbox_gateway.script import CHOICES
from tools.sandbox_gateway.store import Payment
from tools.sandbox_gateway.texts import texts

HERE = Path(__file__).parent
CARD_FIELDS = ("card_number", "expiry_date", "card_security_code")
CARD_RESULTS = {
    codes.SUCCESS: "card_ok",
    codes.DECLINED: "card_declined",
    "13029": "card_funds",
    "13012": "card_expired",
}


class Fragment(str):
    """Markup that is already safe."""

    __slots__ = ()


def card_page(
    payment: Payment,
    merchant: Merchant,
    *,
    typed: Mapping[str, str],
    mistakes: Iterable[tuple[str, str]] = (),
) -> str:
    """The card form; `mistakes` are (field, text key), `typed` goes back into it."""
    words = texts(payment.language)
    wrong = dict(mistakes)
    values = {
        **words,
        **_order(payment, merchant),
        **_field_errors(wrong, words),
        "action": f"{_base(payment)}/pay",
        "alert": _alert(payment, words, is_wrong=bool(wrong)),
        "value_number": typed.get("card_number", ""),
        "value_holder": typed.get("card_holder_name", ""),
        "value_expiry": typed.get("expiry_date", ""),
        "value_cvv": typed.get("card_security_code", ""),
        "save_box": _save_box(words) if merchant.saves_cards else Fragment(""),
        "choices": _choices(words, typed.get("choice", "normal")),
        "back": _back(payment, words),
        "cards": _cards(payment, words),
    }
    return _page("card", payment.language, "two", **values)


def challenge_page(payment: Payment, merchant: Merchant) -> str:
    values = {**_order(payment, merchant), "action": f"{_base(payment)}/challenge"}
    return _page("challenge", payment.language, "one", **values)


def return_page(payment: Payment, fields: Mapping[str, str]) -> str:
    """The form that carries the signed result back; it submits itself, or by its button."""
    words = texts(payment.language)
    outcome = "paid" if payment.state == "PAID" else "unpaid"
    return _page(
        "return",
        payment.language,
        "one",
        return_url=payment.request["return_url"],
        hidden=_hidden(fields),
        outcome=outcome,
        outcome_text=words[f"return_{outcome}"],
    )


def done_page(payment: Payment, shop: str) -> str:
    return _page("done", payment.language, "one", shop=shop)


def error_page(code: str, fields: Mapping[str, str], back: Mapping[str, str] | None) -> str:
    """Say why no payment was opened; with `back`, offer the way back to the shop."""
    language = "ar" if fields.get("language") == "ar" else "en"
    words = texts(language)
    way = ""
    if back is not None:
        way = _render(
            '<form method="post" action="$url">$hidden'
            '<button class="plain" type="submit">$error_back</button></form>',
            {**words, "url": fields["return_url"], "hidden": _hidden(back)},
        )
    return _page(
        "error",
        language,
        "one",
        explanation=codes.message(code, language),
        code=code,
        merchant_reference=fields.get("merchant_reference", "–"),
        back=Fragment(way),
    )


def log_page(events: Iterable[Mapping[str, Any]]) -> str:
    row = (
        "<tr><td>$at</td><td><code>$reference</code></td><td>$kind</td>"
        "<td><code>$told</code></td></tr>"
    )
    rows = (
        _render(
            row,
            {
                "at": datetime.fromtimestamp(event["at"], UTC).strftime(
                    "%d %b %H:%M:%S.%f"
                )[:-3],
                "reference": event["reference"],
                "kind": event["kind"],
                "told": json.dumps(event["told"], ensure_ascii=False),
            },
        )
        for event in events
    )
    return _page("log", "en", "wide", rows=Fragment("\n".join(rows)))


def _page(name: str, language: str, shape: str, **values: str) -> str:
    words = texts(language)
    content = _render(_source(f"{name}.html"), {**words, **values})
    title = words.get(f"{name}_title", words["title"])
    frame = {**words, "content": Fragment(content), "shape": shape, "page_title": title}
    return _render(_source("frame.html"), frame)


@cache
def _source(name: str) -> str:
    return (HERE / "pages" / name).read_text(encoding="utf-8")


def _render(source: str, values: Mapping[str, str]) -> Fragment:
    safe = {
        name: value if isinstance(value, Fragment) else html.escape(value)
        for name, value in values.items()
    }
    return Fragment(Template(source).substitute(safe))


def _base(payment: Payment) -> str:
    return f"/FortAPI/page/{payment.page_key}"


def _order(payment: Payment, merchant: Merchant) -> dict[str, str]:
    return {
        "merchant_name": merchant.name,
        "merchant_reference": payment.reference,
        "shown_amount": shown_amount(
            payment.request["amount"], payment.request["currency"]
        ),
    }


def _hidden(fields: Mapping[str, str]) -> Fragment:
    inputs = (
        _render(
            '<input type="hidden" name="$name" value="$value">',
            {"name": name, "value": text},
        )
        for name, text in fields.items()
    )
    return Fragment("\n".join(inputs))


def _field_errors(wrong: Mapping[str, str], words: Mapping[str, str]) -> dict[str, str]:
    made: dict[str, str] = {}
    for name in CARD_FIELDS:
        key = wrong.get(name)
        message = html.escape(words[key]) if key else ""
        made[f"bad_{name}"] = Fragment(' aria-invalid="true"' if key else "")
        made[f"error_{name}"] = Fragment(f'<p class="error">{message}</p>' if key else "")
    return made


def _alert(payment: Payment, words: Mapping[str, str], *, is_wrong: bool) -> Fragment:
    if is_wrong:
        return _render('<p class="alert" role="alert">$problem</p>', words)
    if not payment.attempts:
        return Fragment("")
    reason = codes.message(payment.code, payment.language)
    return _render(
        '<p class="alert" role="alert"><strong>$declined_title</strong>'
        "$reason. $declined_more</p>",
        {**words, "reason": reason},
    )


def _save_box(words: Mapping[str, str]) -> Fragment:
    return _render(
        '<label class="check"><input type="checkbox" name="remember_me" value="YES">'
        "<span>$save_card</span></label>",
        words,
    )


def _choices(words: Mapping[str, str], chosen: str) -> Fragment:
    made = (
        _render(
            '<label class="check"><input type="radio" name="choice" value="$value"$checked>'
            "<span>$label</span></label>",
            {
                "value": choice,
                "label": words[f"choice_{choice}"],
                "checked": Fragment(" checked" if choice == chosen else ""),
            },
        )
        for choice in CHOICES
    )
    return Fragment("\n".join(made))


def _back(payment: Payment, words: Mapping[str, str]) -> Fragment:
    """Before the first try the payer cancels; after one, the shop is told how it ended."""
    step, label = ("return", "back_declined") if payment.attempts else ("cancel", "cancel")
    return _render(
        '<button class="plain" type="submit" formnovalidate'
        ' formaction="$url">$label</button>',
        {"url": f"{_base(payment)}/{step}", "label": words[label]},
    )


def _cards(payment: Payment, words: Mapping[str, str]) -> Fragment:
    row = (
        '<li><code dir="ltr">$number</code><p class="help">$brand · $result</p>'
        '<a href="$url" aria-label="$use $brand, $result">$use</a></li>'
    )
    made = (
        _render(
            row,
            {
                **words,
                "number": card.spaced,
                "brand": card.brand.title() if card.brand != "AMEX" else "Amex",
                "result": words[
                    "card_challenge" if card.challenged else CARD_RESULTS[card.result]
                ],
                "url": f"{_base(payment)}?use={card.number}",
            },
        )
        for card in cards.TEST_CARDS
    )
    return Fragment("\n".join(made))
