"""How the services of a checkout are kept apart, told about and ended."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.stack import children, environment, places

ROOT = places.ROOT
FOREVER = [sys.executable, "-c", "import time; time.sleep(600)"]


# ------------------------------------------------------------------------------ places


@pytest.mark.parametrize("part", ["deep/" * 20, "with space", "percent%20", "اسم"])
def test_sockets_lie_where_every_reader_of_an_address_finds_them(
    tmp_path: Path, part: str
) -> None:
    home = tmp_path / part / "var"

    folder = places.socket_folder(home)

    assert len(str(folder)) <= places.SOCKET_FOLDER_LENGTH_MAX
    assert not places.ODD.search(str(folder))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder == places.socket_folder(home)
    places.leave_temporary(home)
    assert not folder.exists()


def test_two_checkouts_never_share_a_folder_for_sockets(tmp_path: Path) -> None:
    first, second = (tmp_path / f"{'x' * 100}-{n}" for n in (1, 2))

    assert places.socket_folder(first) != places.socket_folder(second)
    places.leave_temporary(first)
    places.leave_temporary(second)


def test_a_folder_that_somebody_laid_out_for_us_is_refused(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (tmp_path / "ours").symlink_to(theirs)

    with pytest.raises(SystemExit, match="belongs to somebody else"):
        places.private_folder(tmp_path / "ours")


# ------------------------------------------------------------------------- environment


def test_secrets_are_made_once_and_for_this_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "VAR", tmp_path)
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS"):
        monkeypatch.delenv(name, raising=False)

    first, second = environment.for_checkout({}), environment.for_checkout({})

    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(first["SECRET_KEY"]) >= 50
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert first["ENCRYPTION_KEYS"] == second["ENCRYPTION_KEYS"]


def test_a_command_sees_the_ports_of_the_run_it_joins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "VAR", tmp_path)
    for name in ("PUBLIC_URL", "PAYMENT_GATEWAY_HOSTS"):
        monkeypatch.delenv(name, raising=False)

    joined = environment.for_checkout({"PORT": "8111", "SANDBOX_PORT": "8112"})

    assert joined["PUBLIC_URL"] == "http://127.0.0.1:8111"
    assert joined["PAYMENT_GATEWAY_HOSTS"].split(",")[0] == "http://localhost:8112"


def test_migrations_are_the_owners() -> None:
    addresses = {"DATABASE_URL": "postgres://a@/x", "DATABASE_OWNER_URL": "postgres://o@/x"}

    assert environment.as_owner(addresses)["DATABASE_URL"] == "postgres://o@/x"


# ---------------------------------------------------------------------------- children


def test_a_part_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    argv = [
        sys.executable,
        "-c",
        "print('first'); print('the reason'); raise SystemExit(3)",
    ]
    child = children.start("part", argv, environment=os.environ, log=log)
    child.process.wait()

    with pytest.raises(
        children.ChildFailed, match=r"(?s)part ended with status 3.*the reason"
    ):
        child.demand_alive()
    children.stop([child])


def test_the_log_of_the_last_run_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    for word in ("first", "second"):
        argv = [sys.executable, "-c", f"print({word!r})"]
        child = children.start("part", argv, environment=os.environ, log=log)
        child.process.wait()
        children.stop([child])

    assert (tmp_path / "part.previous.log").read_text() == "first\n"
    assert log.read_text() == "second\n"


def test_stopping_a_part_that_will_not_stop_ends_what_it_started(tmp_path: Path) -> None:
    stubborn = (
        "import signal, subprocess, sys;"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"print(subprocess.Popen({FOREVER!r}).pid, flush=True);"
        "signal.pause()"
    )
    log = tmp_path / "part.log"
    argv = [sys.executable, "-c", stubborn]
    child = children.start("part", argv, environment=os.environ, log=log)
    grandchild = int(first_line(log))

    children.stop([child], patience_s=0.2)

    assert not child.is_alive
    assert ends(grandchild)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of our death")
def test_parts_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    supervisor = (
        "import os, pathlib, signal;"
        "from tools.stack import children;"
        f"child = children.start('part', {FOREVER!r}, environment=os.environ,"
        f" log=pathlib.Path({str(tmp_path / 'part.log')!r}));"
        "print(child.process.pid, flush=True);"
        "signal.pause()"
    )
    with log.open("w") as out:
        run = subprocess.Popen([sys.executable, "-c", supervisor], cwd=ROOT, stdout=out)
    part = int(first_line(log))

    run.kill()
    run.wait()

    assert ends(part)


def test_an_interruption_waits_until_a_part_is_known(tmp_path: Path) -> None:
    """A child that starts while we are told to stop must not be left behind."""
    interrupted = (
        "import os, pathlib, signal;"
        "from tools.stack import children;"
        "children.catch_signals()\n"
        "try:\n"
        "  with children.held():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        f"    children.start('part', {FOREVER!r}, environment=os.environ,"
        f" log=pathlib.Path({str(tmp_path / 'part.log')!r}))\n"
        "except children.Interrupted:\n"
        "  known = list(children._Held.children)\n"
        "  children.stop_everything()\n"
        "  print(len(known), known[0].is_alive)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", interrupted],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "1 False\n"


def first_line(log: Path) -> str:
    """Wait for the program to say something; fails after ten seconds."""
    deadline = time.monotonic() + 10
    while "\n" not in (text := log.read_text()):
        assert time.monotonic() < deadline, "the program says nothing"
        time.sleep(0.01)
    return text.splitlines()[0]


def ends(pid: int) -> bool:
    """Whether the process is gone within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if is_zombie(pid):
            return True
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    return False


def is_zombie(pid: int) -> bool:
    """Ended, but not yet fetched by the parent it was handed to (Linux only)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return False
