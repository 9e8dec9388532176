"""Health checks of the containers; exit status 0 means well. Standard library only.

python ops/alive.py web           /healthz answers 200
python ops/alive.py file PATH S   PATH was touched in the last S seconds
"""

import os
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit


def web() -> bool:
    # Under our public name, because other hosts are refused.
    host = urlsplit(os.environ["PUBLIC_URL"]).netloc
    port = os.environ.get("BIND", ":8000").rpartition(":")[2]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/healthz", headers={"Host": host}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def is_fresh(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime < seconds
    except FileNotFoundError:
        return False


def main(words: list[str]) -> int:
    match words:
        case ["web"]:
            return 0 if web() else 1
        case ["file", path, seconds]:
            return 0 if is_fresh(Path(path), float(seconds)) else 1
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
