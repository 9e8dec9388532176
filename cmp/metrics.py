"""What Prometheus scrapes: counts of requests, and gauges of what is due, read from rows.

The alarms on these figures stand in docs/operations.md.
"""

import os
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from accounts.decorators import public_view
from cmp.lib import gauges


@require_GET
@public_view("Prometheus shows METRICS_TOKEN instead of a session")
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics page; without the right token there is no such page."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    expected = settings.METRICS_TOKEN
    if not expected or scheme != "Bearer" or not constant_time_compare(given, expected):
        raise Http404
    due = CollectorRegistry()
    due.register(GaugeCollector(gauges.declared()))
    text = generate_latest(_request_counts()) + generate_latest(due)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


class GaugeCollector(Collector):
    """Reads each gauge once; one that cannot be read is missing and counted as failed."""

    def __init__(self, declared: list[gauges.Gauge]) -> None:
        self.declared = declared

    def collect(self) -> Iterator[GaugeMetricFamily]:
        failed = 0
        for gauge in self.declared:
            try:
                values = gauges.read(gauge)
            except DatabaseError:
                failed += 1
                continue
            names = [gauge.label] if gauge.label else []
            family = GaugeMetricFamily(gauge.name, gauge.meaning, labels=names)
            for label, value in values:
                family.add_metric([label] if names else [], value)
            yield family
        yield GaugeMetricFamily(
            "cmp_gauges_failed", "Gauges that could not be read in this scrape", failed
        )


def _request_counts() -> CollectorRegistry:
    """The counts of this process, or of all web processes where they share a folder."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
