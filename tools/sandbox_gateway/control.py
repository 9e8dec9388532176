"""What the real gateway does not have: scripts, releases, replays, and the log."""

import json
from typing import Any

from tools.sandbox_gateway import api, pages
from tools.sandbox_gateway.answers import Answer, as_json, as_page, as_text, see
from tools.sandbox_gateway.desk import Desk
from tools.sandbox_gateway.script import BadScript, Script

LOG_LENGTH = 500
AWAIT_TIMEOUT_S = 20.0


def show(desk: Desk, path: str, query: dict[str, str]) -> Answer:
    """Show the log as a page or as JSON, or the script of one reference."""
    reference = query.get("merchant_reference", "")
    if path == "/":
        return see("/_log")
    if path == "/_log":
        return as_page(pages.log_page(_events(desk, reference)))
    if path == "/_log.json":
        return as_json(_events(desk, reference))
    if path == "/_script":
        return as_json(desk.script_for(reference).as_json())
    return as_text("not found", 404)


def act(desk: Desk, path: str, body: bytes) -> Answer:
    """Take one order from a test or a curious person; all of them are JSON objects."""
    step = STEPS.get(path)
    if step is None:
        return as_text("not found", 404)
    try:
        given = json.loads(body)
        reference = given.pop("merchant_reference")
        return as_json(step(desk, reference, given))
    except (ValueError, TypeError, KeyError, AttributeError) as failure:
        return as_json({"ok": False, "error": str(failure)}, 400)


def _script(desk: Desk, reference: str, given: dict[str, Any]) -> dict[str, Any]:
    """Set the script of one reference; `*` is everybody without one of their own."""
    script = Script.from_json(given)
    desk.store.run(
        "INSERT INTO script VALUES (?, ?) ON CONFLICT (reference)"
        " DO UPDATE SET body = excluded.body",
        *(reference, json.dumps(script.as_json())),
    )
    return {"ok": True, "script": script.as_json()}


def _release(desk: Desk, reference: str, _given: dict[str, Any]) -> dict[str, Any]:
    """Let go the notices that `return_first` holds back."""
    return {"ok": True, "released": desk.courier.release(reference)}


def _await(desk: Desk, reference: str, given: dict[str, Any]) -> dict[str, Any]:
    """Answer once so many notices of a reference were acknowledged or given up."""
    notices = int(given.get("notices", 1))
    is_heard = desk.courier.wait_until_heard(
        reference, notices=notices, timeout_s=AWAIT_TIMEOUT_S
    )
    return {"ok": is_heard}


def _replay(desk: Desk, reference: str, given: dict[str, Any]) -> dict[str, Any]:
    """Send every notice of a reference again, unchanged, `copies` times."""
    rows = desk.store.run(
        "SELECT url, body, content_type FROM notice WHERE reference = ? ORDER BY id",
        reference,
    )
    copies = int(given.get("copies", 1))
    for row in list(rows) * copies:
        parcel = (row["body"], row["content_type"])
        desk.courier.add(reference, row["url"], parcel, wait_s=0.0, held=False)
    return {"ok": True, "queued": len(rows) * copies}


def _refund(desk: Desk, reference: str, given: dict[str, Any]) -> dict[str, Any]:
    """Refund in the gateway's own dashboard, behind the merchant's back."""
    merchant = given.get(
        "merchant_identifier", desk.options.merchants[0].merchant_identifier
    )
    payment = desk.store.find_payment(merchant, reference, "")
    if payment is None:
        raise BadScript("no such payment")
    code = api.refund_from_dashboard(desk, payment, int(given["amount"]))
    return {"ok": not code, "response_code": f"07{code}" if code else "06000"}


STEPS = {
    "/_script": _script,
    "/_release": _release,
    "/_await": _await,
    "/_replay": _replay,
    "/_refund": _refund,
}


def _events(desk: Desk, reference: str) -> list[dict[str, Any]]:
    rows = desk.store.run(
        "SELECT id, at, reference, kind, told FROM event"
        " WHERE ? IN ('', reference) ORDER BY id DESC LIMIT ?",
        *(reference, LOG_LENGTH),
    )
    return [{**dict(row), "told": json.loads(row["told"])} for row in rows]
