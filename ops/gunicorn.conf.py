"""How gunicorn serves the portals behind the reverse proxy."""

import os
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

from cmp import logs

bind = os.environ.get("BIND", "0.0.0.0:8000")
# Sync workers: the proxy buffers slow clients, and a page waits for the database only.
worker_class = "sync"
workers = int(os.environ.get("WEB_WORKERS", str(os.cpu_count() or 2)))
preload_app = True
# A request that outlives the statement limits of the database is stuck, not slow.
timeout = 30
graceful_timeout = 30
max_requests = 10_000
max_requests_jitter = 1_000
limit_request_line = 8_190
limit_request_fields = 60
limit_request_field_size = 8_190
# In memory: a heartbeat that waits for a disk gets a healthy worker killed.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
accesslog = None  # cmp.middleware writes one line for each request
logconfig_dict = logs.configuration(
    style=os.environ.get("LOG_STYLE", "json"), level=os.environ.get("LOG_LEVEL", "INFO")
)


def on_starting(_server: Any) -> None:
    """Begin the shared counts afresh: files of a past run would be added up for ever."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for left_behind in Path(folder).glob("*.db"):
            left_behind.unlink()


def child_exit(_server: Any, worker: Any) -> None:
    """Take a worker that ended out of the gauges of living ones."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
