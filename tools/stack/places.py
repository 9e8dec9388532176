"""Where a checkout keeps what it makes while it runs."""

import contextlib
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


def private_folder(path: Path, owner: int | None = None) -> Path:
    """Make the folder for this user (as root: for `owner`) alone and return it.

    Raises `SystemExit` if somebody else made it first, which in a shared folder for
    temporary files would let them read our sockets.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), owner}:
        raise SystemExit(f"{path} belongs to somebody else; remove it or set TMPDIR")
    path.chmod(0o700)
    if owner is not None:
        os.chown(path, owner, owner)
    return path


def socket_folder(home: Path, owner: int | None = None) -> Path:
    """Make the folder for the sockets of `home`: inside it when its path allows."""
    inside = home / "run"
    if len(os.fsencode(inside)) <= SOCKET_FOLDER_LENGTH_MAX and not ODD.search(str(inside)):
        return private_folder(inside, owner)
    return private_folder(Path(tempfile.gettempdir()) / f"cmp-{short_name(home)}", owner)


def leave_temporary(home: Path) -> None:
    """Remove the folder for sockets if it lies elsewhere and nothing uses it any more."""
    with contextlib.suppress(OSError):
        (Path(tempfile.gettempdir()) / f"cmp-{short_name(home)}").rmdir()


def short_name(path: Path) -> str:
    """Name a folder elsewhere that belongs to `path`."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
