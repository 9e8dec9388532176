"""What every request passes first: id, origin, size, and the headers on all answers."""

import ipaddress
import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import redis
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.signals import request_finished
from django.db import OperationalError
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

from accounts.models import User
from cmp import errors
from cmp.lib import origin

GetResponse = Callable[[HttpRequest], HttpResponseBase]

log = logging.getLogger("cmp.requests")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
_QUIET: Final = ("/healthz", "/metrics", settings.STATIC_URL)


class OriginMiddleware:
    """Give the request an id and find out where it comes from; log how it ended.

    Must be the outermost middleware, so that every answer carries the id.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        address = client_address(request)
        request.request_id = request_id_of(request)  # type: ignore[attr-defined]
        # What allauth's rate limits and lists of sessions read is the same address.
        request.META["REMOTE_ADDR"] = address or ""
        origin.request_id.set(request.request_id)  # type: ignore[attr-defined]
        address_token = origin.client_address.set(address)
        started = time.monotonic()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
            _log_end(request, response, time.monotonic() - started)
        finally:
            origin.client_address.reset(address_token)
        return response


def forget_request(**_: Any) -> None:
    """Django writes of refusals after the last middleware, so the id is kept until then."""
    origin.request_id.set("")


request_finished.connect(forget_request)


class AnswerHeadersMiddleware:
    """Headers that every answer carries, also those made before a view was found."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in settings.ANSWER_HEADERS.items():
            response.setdefault(name, value)
        if _known_user_id(request):
            # What a person saw must not come back from a shared machine's cache.
            patch_cache_control(response, private=True, no_store=True)
        return response


class BodyLimitMiddleware:
    """Refuse a body larger than any form of ours with 413, before it is read."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > settings.REQUEST_BYTES_MAX:
            return errors.body_too_large(request)
        return self.get_response(request)


class DependencyMiddleware:
    """Answer 503 when a part we depend on is away or does not come free in time.

    The shared cache, without which log-ins cannot be limited, and the database: a
    connection that broke, a lock that somebody held too long. All of it was rolled back.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        if isinstance(exception, redis.ConnectionError | redis.TimeoutError):
            log.error("cache.unreachable", extra={"error": type(exception).__name__})
            return errors.unavailable(request)
        if isinstance(exception, OperationalError):
            cause = type(exception.__cause__ or exception).__name__
            log.error("database.unavailable", extra={"error": cause})
            return errors.unavailable(request)
        return None


def request_id_of(request: HttpRequest) -> str:
    """The id our proxy gave, or a new one; a client's own is not believed."""
    given = request.headers.get("X-Request-ID", "")
    if settings.TRUSTED_PROXY_COUNT and _REQUEST_ID.fullmatch(given):
        return given
    return uuid.uuid4().hex


def client_address(request: HttpRequest) -> str | None:
    """The address the outermost trusted proxy saw; what stands left of it is a claim."""
    addresses = [request.META.get("REMOTE_ADDR", "")]
    if count := settings.TRUSTED_PROXY_COUNT:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")
        addresses = [*filter(str.strip, forwarded), *addresses][-count - 1 :]
    try:
        return str(ipaddress.ip_address(addresses[0].strip()))
    except ValueError:
        return None


def _log_end(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    match = request.resolver_match
    log.log(
        logging.DEBUG if request.path.startswith(_QUIET) else logging.INFO,
        "request.finished",
        extra={
            "method": request.method,
            # The route, never the path: paths carry keys of password resets.
            "route": match.route if match else "",
            "status": response.status_code,
            "ms": round(seconds * 1000),
            "user": _known_user_id(request),
            "address": request.META["REMOTE_ADDR"],
        },
    )


def _known_user_id(request: HttpRequest) -> int | None:
    """Who asked, if anything needed to know; asking now could need an absent database."""
    user: User | AnonymousUser | None = getattr(request, "_cached_user", None)
    return user.pk if user is not None else None
