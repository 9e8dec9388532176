"""What docker-compose.yml, Dockerfile and the proxy promise, read from the files.

No Docker engine runs these here; what can be run without one (entry scripts, gunicorn's
configuration, collecting static files, the proxy's configuration) other tests run.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["web", "worker", "beat", "migrate", "backup"]
LONG_RUNNING = ["proxy", "web", "worker", "beat", "database", "broker"]


def dockerfile() -> list[str]:
    """The instructions of the last stage, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    last = text[text.rindex("\nFROM ") + 1 :]
    return [line for line in last.splitlines() if line and not line.startswith("#")]


def test_every_part_of_production_is_there() -> None:
    assert set(SERVICES) == {*LONG_RUNNING, "migrate", "backup"}
    assert SERVICES["backup"]["profiles"] == ["tools"]


def test_only_the_proxy_listens_to_the_world() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy"}


def test_database_and_broker_have_no_way_out() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert SERVICES["database"]["networks"] == ["inside"]
    assert SERVICES["broker"]["networks"] == ["inside"]


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_what_runs_is_watched_and_started_again(name: str) -> None:
    service = SERVICES[name]

    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", [*OURS, "proxy"])
def test_containers_cannot_write_or_gain_rights(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_what_serves_waits_for_the_migrations_and_owns_nothing(name: str) -> None:
    service = SERVICES[name]

    assert service["depends_on"] == {
        "database": {"condition": "service_healthy"},
        "broker": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }
    assert service["environment"]["DATABASE_URL"] == "postgres://cmp_app@database/cmp"
    assert "database_owner_password" not in service["secrets"]
    assert "database_superuser_password" not in service["secrets"]


def test_prometheus_reaches_the_web_by_its_name_inside() -> None:
    """And the proxy, which lets one name through, cannot be asked for that one."""
    hosts = SERVICES["web"]["environment"]["ALLOWED_HOSTS"]
    proxy = (ROOT / "ops" / "proxy" / "default.conf.template").read_text()

    assert hosts.endswith("},web")
    assert set(re.findall(r"server_name (\S+);", proxy)) == {"${SERVER_NAME}"}


def test_migrations_run_once_as_the_owner() -> None:
    migrate = SERVICES["migrate"]

    assert migrate["environment"]["DATABASE_URL"] == "postgres://cmp_owner@database/cmp"
    assert migrate["command"] == ["python", "manage.py", "migrate", "--noinput"]
    assert migrate["restart"] == "no"


def test_no_secret_stands_in_an_environment() -> None:
    """F67: `docker inspect` and crash reports show environments."""
    environments = {
        f"{name}: {key}": str(value)
        for name, service in SERVICES.items()
        for key, value in service.get("environment", {}).items()
        if re.search(r"SECRET|PASSWORD|TOKEN|KEY|EMAIL_URL", key)
    }

    assert len(environments) > 20
    assert {
        key: value
        for key, value in environments.items()
        if not (key.endswith("_FILE") and value.startswith("/run/secrets/"))
    } == {}
    urls = [str(service.get("environment", "")) for service in SERVICES.values()]
    assert not re.search(r"://\w+:[^@/]+@", "".join(urls))


def test_every_secret_file_that_is_named_is_mounted() -> None:
    for name, service in SERVICES.items():
        named = set(re.findall(r"/run/secrets/(\w+)", str(service)))
        assert named <= set(service.get("secrets", [])), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), name


def test_every_secret_can_be_made_or_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"

    said = make_secrets(folder)

    made = {file.name for file in folder.iterdir()}
    needed = {Path(line.split()[1]).name for line in said if line.startswith("needed")}
    assert made | needed == set(COMPOSE["secrets"])
    assert needed == {"email_url", "tls_certificate", "tls_key"}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_secrets_that_are_there_are_kept(tmp_path: Path) -> None:
    """A second run must not lock anybody out of what the first one encrypted."""
    folder = tmp_path / "secrets"
    make_secrets(folder)
    before = {file.name: file.read_text() for file in folder.iterdir()}

    make_secrets(folder)

    assert {file.name: file.read_text() for file in folder.iterdir()} == before
    assert len(set(before.values())) == len(before)


def make_secrets(folder: Path) -> list[str]:
    command = ["python3", str(ROOT / "ops" / "make_secrets.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_what_keeps_things_has_a_volume() -> None:
    assert "database:/var/lib/postgresql/data" in SERVICES["database"]["volumes"]
    assert "broker:/data" in SERVICES["broker"]["volumes"]
    assert set(COMPOSE["volumes"]) == {"database", "broker", "backups"}


def test_every_file_that_is_mounted_exists() -> None:
    mounts = [
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    ]

    assert len(mounts) == 5
    assert [mount for mount in mounts if not (ROOT / mount).is_file()] == []


def test_stopping_gives_time_to_finish() -> None:
    """Longer than gunicorn's own 30 s, or a page under way would be cut."""
    assert SERVICES["web"]["stop_grace_period"] == "40s"
    assert SERVICES["worker"]["stop_grace_period"] == "2m"


def test_images_have_a_version() -> None:
    """`latest` would upgrade a database by a restart."""
    images = [s["image"] for n, s in SERVICES.items() if n not in OURS]

    assert [image for image in images if not re.search(r":\d", image)] == []


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = dockerfile()

    assert "USER 10001:10001" in lines
    assert [line for line in lines if line.startswith("ADD ")] == []
    after_user = lines[lines.index("USER 10001:10001") :]
    assert [line for line in after_user if line.startswith(("RUN", "COPY"))] == []


def test_the_image_is_built_from_the_lock_with_hashes() -> None:
    text = (ROOT / "Dockerfile").read_text()

    assert "pip install --require-hashes -r requirements/base.txt" in text
    assert text.count("FROM ") == 2
    assert not re.search(r"^(ARG|ENV) \w*(SECRET|PASSWORD|TOKEN|KEY)", text, re.MULTILINE)


def test_only_what_is_named_gets_into_the_image() -> None:
    """F67: a checkout holds secrets, data and history."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    assert rules[0] == "*"
    let_in = {rule.removeprefix("!").rstrip("/") for rule in rules if rule.startswith("!")}
    assert let_in.isdisjoint({"secrets", "var", ".git", ".venv", ".env", "tests"})
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert apps <= let_in


def test_the_compose_file_is_valid_to_docker() -> None:
    """Only where a client with compose exists."""
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run(
            [docker, "compose", "version"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no docker client with compose on this machine")

    done = subprocess.run(
        [docker, "compose", "config", "--quiet"],
        cwd=ROOT,
        env={"SERVER_NAME": "b.example.com", "PAYMENT_GATEWAY_HOSTS": "https://g.example"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
