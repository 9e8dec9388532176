"""How gunicorn serves the portals behind the reverse proxy."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

# The processes add their counts up in this folder; its name must stand in the environment
# before prometheus_client is imported. A new one at each start: the files of past processes
# would be added up for ever.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="cmp-metrics-")

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


def child_exit(_server: Any, worker: Any) -> None:
    """Take a worker that ended out of the gauges of living ones."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
