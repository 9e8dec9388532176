"""Whether this process can serve: database and broker answer, nothing due is old."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from accounts.decorators import public_view
from cmp.lib import gauges


@require_safe
@public_view("load balancers ask without a session")
def healthz(_request: HttpRequest) -> JsonResponse:
    """Not ok, with 503, when database or broker is away.

    Work that is overdue is told but does not make a web process unfit: taking it out of
    service would help nobody.
    """
    database, broker = _database_answers(), _broker_answers()
    health = {
        "ok": database and broker,
        "database": database,
        "broker": broker,
        "oldest_due_s": oldest_due_s() if database else None,
    }
    return JsonResponse(health, status=200 if health["ok"] else 503)


def oldest_due_s() -> int:
    """Seconds since the oldest row of any kind fell due that nobody has taken up yet."""
    overdue = [gauge for gauge in gauges.declared() if gauge.name.endswith(gauges.OVERDUE)]
    return int(max((_value(gauge) for gauge in overdue), default=0))


def _value(gauge: gauges.Gauge) -> float:
    try:
        return max((value for _, value in gauges.read(gauge)), default=0)
    except DatabaseError:
        # The metrics page counts gauges that fail; here the question is another one.
        return 0


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    try:
        with redis.from_url(
            settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2
        ) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
