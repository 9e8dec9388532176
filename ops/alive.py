"""Health checks of the containers; exit status 0 means well. Standard library only.

python ops/alive.py web           /healthz answers 200
python ops/alive.py file PATH S   PATH was touched in the last S seconds
"""

import http.client
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit


def web() -> bool:
    port = int(os.environ.get("BIND", ":8000").rpartition(":")[2])
    # Under our public name, because other hosts are refused.
    host = urlsplit(os.environ["PUBLIC_URL"]).netloc
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/healthz", headers={"Host": host})
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


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
