"""Commands of `./dev`."""

import os
import sys
from pathlib import Path

from tools.stack import backing, children, environment, places
from tools.stack.gate import BIN, sabotage, test
from tools.stack.serve import django, migrate, run

USAGE = """\
./dev run                    serve the demo on PORT (8000), gateway on SANDBOX_PORT (8001)
./dev test [--deep] [words]  the whole gate; with words for pytest only those tests
./dev shell                  a Python prompt with everything imported
./dev sabotage [words]       drop each guard in a clone; a test must turn red
./dev docs [--check]         write the generated pages of docs/
./dev lock [--upgrade]       write requirements/*.txt from requirements/*.in
./dev <manage.py command>    on the services of ./dev run, or its own for the while

With DATABASE_URL and REDIS_URL set nothing is started; DATABASE_OWNER_URL is the role that
migrates."""

# A command works for an operator who waits; no page is behind it.
COMMAND_LIMITS = {
    "DB_LOCK_TIMEOUT": "10s",
    "DB_STATEMENT_TIMEOUT": "0",
    "DB_IDLE_TIMEOUT": "0",
}
OWNERS_COMMANDS = ("migrate", "sqlmigrate", "makemigrations", "dbshell")


def main(words: list[str]) -> int:
    if not words or words[0] in {"help", "-h", "--help"}:
        places.say(USAGE)
        return 0 if words else 2
    os.chdir(places.ROOT)
    children.catch_signals()
    command, *rest = words
    try:
        return _choose(command, rest)
    except children.ChildFailed as failure:
        places.say(f"dev {command}: {failure}")
        return 1
    except children.Interrupted:
        return 130
    finally:
        children.stop_everything()


def _choose(command: str, rest: list[str]) -> int:
    match command:
        case "run":
            return run()
        case "test":
            return test(rest)
        case "sabotage":
            return sabotage(rest)
        case "lock":
            return lock(rest)
        case "docs":
            argv = [sys.executable, "-m", "tools.docs", *rest]
            return children.run_in_foreground(argv, os.environ)
        case _:
            return run_command([command, *rest])


def run_command(words: list[str]) -> int:
    """Run a command of manage.py on the services of this checkout."""
    if {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        with backing.running(places.VAR, durable=True) as (_services, addresses):
            return _django_command(words, addresses)
    with backing.owned(words[0]) as is_ours:
        if not is_ours:
            return _django_command(words, backing.announced())
        with backing.running(places.VAR, durable=True) as (services, addresses):
            if words[0] != "migrate":
                migrate(services.logs, environment.for_checkout(addresses))
            return _django_command(words, addresses)


def lock(options: list[str]) -> int:
    """Pin every dependency with its hashes, and no address of a registry."""
    for name in ("base", "dev"):
        argv: list[str | Path] = [
            BIN / "uv",
            "pip",
            "compile",
            "--quiet",
            "--universal",
            "--generate-hashes",
        ]
        argv += ["--python-version", "3.11", "--no-emit-index-url", "--no-header"]
        argv += ["--no-emit-find-links"]
        argv += [*options, f"requirements/{name}.in", "-o", f"requirements/{name}.txt"]
        if status := children.run_in_foreground(argv, os.environ):
            return status
    return 0


def _django_command(words: list[str], addresses: dict[str, str]) -> int:
    env = {**COMMAND_LIMITS, **environment.for_checkout(addresses)}
    if words[0] in OWNERS_COMMANDS:
        env = environment.as_owner(env)
    return children.run_in_foreground([*django(), *words], env)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
