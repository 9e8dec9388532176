"""Whether this process can serve: database and broker answer, nothing due is old."""

from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from accounts.decorators import public_view


@require_safe
@public_view("load balancers ask without a session")
def healthz(_request: HttpRequest) -> JsonResponse:
    oldest_due_s = _oldest_due_s()
    health: dict[str, Any] = {
        "database": oldest_due_s is not None,
        "broker": _broker_answers(),
        "oldest_due_s": oldest_due_s,
    }
    ok = health["database"] and health["broker"]
    return JsonResponse({"ok": ok, **health}, status=200 if ok else 503)


def _oldest_due_s() -> int | None:
    """Seconds since the oldest recharge check fell due; None when the database is away."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 0")
            (seconds,) = cursor.fetchone()
    except DatabaseError:
        return None
    return int(seconds)


def _broker_answers() -> bool:
    try:
        with redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
