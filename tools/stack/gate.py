"""`./dev test`: the whole gate, or only pytest when it is given arguments."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.stack import backing, children, environment, places
from tools.stack.serve import django

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Check:
    """One tool of the gate and how it is called."""

    name: str
    argv: tuple[str | Path, ...]
    environment: Mapping[str, str]


def test(arguments: list[str]) -> int:
    """Run the gate on a throw-away cluster; 0 when everything holds."""
    with _thrown_away() as addresses:
        env = environment.for_tests(addresses)
        if [word for word in arguments if word != "--deep"]:
            return _pytest(arguments, env)
        return _whole_gate(arguments, env, addresses)


def sabotage(words: list[str]) -> int:
    """Take each guard of a throw-away database out; 0 when tests notice every one."""
    with _thrown_away() as addresses:
        argv = [sys.executable, "-m", "tools.sabotage", *words]
        return children.run_in_foreground(argv, environment.for_tests(addresses))


@contextmanager
def _thrown_away() -> Iterator[Mapping[str, str]]:
    """Run services that forget everything; yields their addresses."""
    home = Path(tempfile.mkdtemp(prefix="cmp-test-"))
    (home / "static").mkdir()
    try:
        with backing.running(home, durable=False) as (_services, addresses):
            yield {**addresses, "STATIC_ROOT": str(home / "static")}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _whole_gate(
    arguments: list[str], env: Mapping[str, str], addresses: Mapping[str, str]
) -> int:
    checks = _checks(env, environment.for_deployment_check(addresses))
    with ThreadPoolExecutor(max_workers=2) as pool:
        failed = [name for name in pool.map(_check, checks) if name]
    if status := _pytest([*arguments, "-n", "2"], env):
        # 1 says that tests failed; anything else that they were cut short.
        failed.append("pytest" if status == 1 else f"pytest (cut short, status {status})")
    if failed:
        places.say(f"\nThe gate is shut: {', '.join(failed)}.")
    return 1 if failed else 0


def _pytest(arguments: list[str], env: Mapping[str, str]) -> int:
    return children.run_in_foreground([sys.executable, "-m", "pytest", *arguments], env)


def _checks(env: Mapping[str, str], deployed: Mapping[str, str]) -> list[Check]:
    templates = sorted((places.ROOT / "templates").rglob("*.html"))
    packages = sorted(path.parent for path in places.ROOT.glob("*/__init__.py"))
    ours = [package for package in packages if package.name != "tests"]
    checks = [
        Check("mypy", (BIN / "mypy",), env),
        Check("ruff format", (BIN / "ruff", "format", "--check", "."), env),
        Check("ruff check", (BIN / "ruff", "check", "."), env),
        Check("import-linter", (BIN / "lint-imports",), env),
        Check("bandit", (BIN / "bandit", "-q", "-c", "pyproject.toml", "-r", *ours), env),
        Check(
            "check --deploy",
            (*django(), "check", "--deploy", "--fail-level", "WARNING"),
            deployed,
        ),
        Check(
            "makemigrations --check",
            (*django(), "makemigrations", "--check", "--dry-run"),
            env,
        ),
    ]
    if templates:
        djade: tuple[str | Path, ...] = (
            BIN / "djade",
            "--check",
            "--target-version",
            "5.2",
            *templates,
        )
        checks.append(Check("djade", djade, env))
    return checks


def _check(check: Check) -> str:
    """Run one check, show what it says if it fails, and return its name then."""
    started = time.monotonic()
    done = subprocess.run(
        [str(part) for part in check.argv],
        env=dict(check.environment),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=places.ROOT,
    )
    verdict = "FAILED" if done.returncode else "ok"
    words = f"{check.name:24} {verdict:6} {time.monotonic() - started:5.1f} s"
    if done.returncode:
        words = f"{words}\n{done.stdout}{done.stderr}"
    print(words, flush=True)
    return check.name if done.returncode else ""
