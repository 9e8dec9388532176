"""Start the sandbox gateway: `python -m tools.sandbox_gateway --port 8001 …`."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from tools.sandbox_gateway.merchants import Options, read_merchants
from tools.sandbox_gateway.server import SandboxGateway


def main() -> int:
    options = read_options(sys.argv[1:])
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_received: stopped.set())
    with SandboxGateway(options) as gateway:
        sys.stdout.write(f"Sandbox gateway on {gateway.url}, log at {gateway.url}/_log\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


def read_options(arguments: list[str]) -> Options:
    blank = Options()
    parser = argparse.ArgumentParser(prog="sandbox_gateway", description=__doc__)
    parser.add_argument("--host", default=blank.host)
    parser.add_argument(
        "--port", type=int, default=blank.port, help="0 lets the system choose"
    )
    parser.add_argument(
        "--notice-base", default=blank.notice_base, help="origin of the shop"
    )
    parser.add_argument(
        "--notice-format", choices=("json", "form"), default=blank.notice_format
    )
    parser.add_argument("--database", default=blank.database, help="an SQLite file")
    parser.add_argument("--retry-interval", type=float, default=blank.retry_interval_s)
    parser.add_argument("--retries", type=int, default=blank.retries)
    parser.add_argument("--merchants", type=Path, help="a JSON list of merchants")
    given = parser.parse_args(arguments)
    merchants = read_merchants(given.merchants) if given.merchants else blank.merchants
    return Options(
        host=given.host,
        port=given.port,
        notice_base=given.notice_base,
        notice_format=given.notice_format,
        database=given.database,
        merchants=merchants,
        retry_interval_s=given.retry_interval,
        retries=given.retries,
    )


if __name__ == "__main__":
    raise SystemExit(main())
