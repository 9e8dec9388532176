"""Where a checkout keeps what it makes while it runs."""

import hashlib
import os
import re
import stat
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"

# A socket address holds 103 bytes on macOS and 107 on Linux, the file's name included.
SOCKET_FOLDER_LENGTH_MAX = 80
# The folder stands unquoted in the addresses of the services.
ODD = re.compile(r"[^A-Za-z0-9/._-]")


def say(text: str) -> None:
    """Tell the person at the terminal; standard output belongs to the command that runs."""
    print(text, file=sys.stderr, flush=True)


def private_folder(path: Path) -> Path:
    """Make the folder for this user alone and return it.

    Raises `SystemExit` if somebody else made it first, which in a shared folder for
    temporary files would let them read our sockets.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise SystemExit(f"{path} belongs to somebody else; remove it or set TMPDIR")
    path.chmod(0o700)
    return path


def socket_folder(home: Path) -> Path:
    """Make the folder for the sockets of `home`: inside it when its path allows."""
    inside = home / "run"
    if len(os.fsencode(inside)) <= SOCKET_FOLDER_LENGTH_MAX and not ODD.search(str(inside)):
        return private_folder(inside)
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return private_folder(Path(tempfile.gettempdir()) / f"cmp-{name}")
