"""What gateways and returning browsers call: the only two CSRF-exempt views.

They run without a log-in and without the session, because the browser's cross-site POST
carries no cookie. Nothing in a message is believed before its signature is judged.
"""

import logging
from datetime import datetime
from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import public_view
from cmp.lib import jobs
from payments import queries
from payments.actions import inbox
from payments.models import GatewayMessage
from payments.models.inbox import BODY_BYTES_MAX
from payments.returning import page_after

log = logging.getLogger("payments")
_WHY = "gateways call it; what it says is judged by its signature"


@csrf_exempt
@require_POST
@public_view(_WHY)
def receive_notice(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Store what a gateway's server sends: 200 once stored, also when badly signed."""
    answer, _message = _receive(request, channel_id, GatewayMessage.Origin.NOTICE)
    return answer


@csrf_exempt
@require_POST
@public_view(_WHY)
def receive_return(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Store what the payer's browser brings back and lead it to a page of ours."""
    answer, message = _receive(request, channel_id, GatewayMessage.Origin.RETURN)
    if message is None:
        return answer
    response = redirect(page_after(message))
    response.status_code = HTTPStatus.SEE_OTHER
    return response


@require_GET
@public_view("shown to a browser that comes back with an answer nobody could check")
def view_unverified(request: HttpRequest) -> HttpResponse:
    return render(request, "payments/unverified.html")


def _receive(
    request: HttpRequest, channel_id: int, origin: GatewayMessage.Origin
) -> tuple[HttpResponse, GatewayMessage | None]:
    at = timezone.now()
    try:
        if queries.find_channel(channel_id) is None:
            return _plain(HTTPStatus.NOT_FOUND, "no such channel"), None
        message = inbox.store(
            channel_id=channel_id,
            origin=origin,
            content_type=request.headers.get("Content-Type", ""),
            body=request.read(BODY_BYTES_MAX + 1),
            at=at,
        )
    except inbox.MessageTooLong:
        return _plain(HTTPStatus.BAD_REQUEST, "the message is too long"), None
    except (DatabaseError, OSError):
        log.exception("message.not_stored", extra={"channel": channel_id})
        return _not_stored(), None
    message = _judged(message, at)
    if message.judged_verdict == GatewayMessage.Verdict.UNREADABLE:
        return _plain(HTTPStatus.BAD_REQUEST, "the message cannot be read"), message
    return _plain(HTTPStatus.OK, "stored"), message


def _judged(message: GatewayMessage, at: datetime) -> GatewayMessage:
    try:
        return inbox.judge(message_id=message.pk, at=at)
    except Exception:
        # It is stored, so it is not lost: a worker tries at once, the sweep for ever.
        log.exception("message.judging_failed", extra={"message_id": message.pk})
        jobs.enqueue("payments.tasks.judge_message", message_id=message.pk)
        return message


def _not_stored() -> HttpResponse:
    answer = _plain(HTTPStatus.SERVICE_UNAVAILABLE, "not stored, send again")
    answer["Retry-After"] = "10"
    return answer


def _plain(status: HTTPStatus, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
