"""The rules of the house that no other tool checks (docs: style and design)."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent

LINES_OF_A_FILE_MAX = 600
LINES_OF_A_FUNCTION_MAX = 70
BANNED_NAMES = {"utils", "helpers", "common", "services", "managers", "constants"}
BANNED_WORDS = {
    *("process", "processes", "processing", "handle", "handles", "handler", "manage"),
    *("manager", "data", "info", "do", "perform", "helper", "util", "utils"),
}
# Words of Django, Celery and the standard library, which call these by name.
NAMES_GIVEN_BY_OTHERS = {
    *("do_GET", "do_HEAD", "do_POST", "handle", "handle_error", "Handler"),
    *("get_context_data", "process_view", "process_exception", "process_template_response"),
}
MONEY = ("funds", "payments", "pricing", "billing", "cmp/lib/money.py", "cmp/lib/books.py")

# What may be called without signing in; allauth guards its own pages under accounts/.
PUBLIC = {
    "",
    "healthz",
    "metrics",  # shown to whoever has METRICS_TOKEN
    "language",
    "theme",
    "pay/<int:channel_id>/return",
    "pay/<int:channel_id>/notice",
    "pay/unverified",
}
CSRF_EXEMPT = {"pay/<int:channel_id>/return", "pay/<int:channel_id>/notice"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is or would be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in done.stdout.split("\0") if name)
    return tuple(sorted({path for path in paths if path.is_file()}))


def ours(*suffixes: str) -> list[Path]:
    return [
        path for path in tracked() if path.suffix in suffixes and "vendor" not in path.parts
    ]


def python(*, tests: bool = True, migrations: bool = False) -> list[Path]:
    return [
        path
        for path in ours(".py")
        if (tests or not within(path, "tests"))
        and (migrations or "migrations" not in path.parts)
    ]


def within(path: Path, *places: str) -> bool:
    return any(path.is_relative_to(ROOT / place) for place in places)


def breaches(pattern: str, paths: list[Path], *, flags: int = 0) -> list[str]:
    """Where the pattern stands: `path:line: text`."""
    rule = re.compile(pattern, flags)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if rule.search(line)
    ]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


# ------------------------------------------------------------------------------- size


def test_no_file_passes_the_wall() -> None:
    paths = [p for p in ours(".py", ".html", ".css", ".js") if "migrations" not in p.parts]

    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in paths}

    assert {name: n for name, n in lengths.items() if n > LINES_OF_A_FILE_MAX} == {}


def test_no_function_passes_the_wall() -> None:
    """In tests ruff's limit of statements suffices: a list of attacks is long, not hard."""
    too_long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines"
        for path in python(tests=False)
        for node in functions(path)
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > LINES_OF_A_FUNCTION_MAX
    ]

    assert too_long == []


# ------------------------------------------------------------------------------- names


def test_no_file_has_a_name_that_attracts_everything() -> None:
    named = [p for p in tracked() if p.stem in BANNED_NAMES and p.suffix in {".py", ".js"}]

    assert [
        str(path.relative_to(ROOT)) for path in named if "vendor" not in path.parts
    ] == []


def test_no_function_or_class_has_a_word_that_says_nothing() -> None:
    vague = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in python(tests=False)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.name not in NAMES_GIVEN_BY_OTHERS
        and BANNED_WORDS & set(words_of(node.name))
    ]

    assert vague == []


def words_of(name: str) -> list[str]:
    """Split snake_case and CamelCase into lower-case words."""
    return re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", name).lower())


# ------------------------------------------------------------------------------- money


def test_money_code_knows_no_float() -> None:
    assert breaches(r"\bfloat\(|\bFloatField\b", money_code()) == []


def test_money_code_never_reads_the_clock() -> None:
    """LIF-16: actions take `at`; views, tasks and commands read the clock."""
    clock = r"\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(|\btime\.time\("
    inside = [p for p in money_code() if "actions" in p.parts or p.stem == "models"]

    assert breaches(clock, money_code()) == []
    assert breaches(r"timezone\.(now|localdate|localtime)\(", inside) == []


def money_code() -> list[Path]:
    return [path for path in python(tests=False) if within(path, *MONEY)]


# ------------------------------------------------------------------------------- layers


def test_actions_and_models_know_no_http() -> None:
    inner = [p for p in python(tests=False) if "actions" in p.parts or p.stem == "models"]

    assert breaches(r"^\s*(from|import) django\.(http|shortcuts|views)", inner) == []


def test_the_sandbox_gateway_imports_nothing_of_ours() -> None:
    rooms = "|".join(path.parent.name for path in ROOT.glob("*/apps.py"))
    sandbox = [path for path in python() if within(path, "tools/sandbox_gateway")]

    assert breaches(rf"^\s*(from|import) (cmp|django|{rooms})\b", sandbox) == []


def test_tests_never_truncate_nor_mock_their_way_past_the_guards() -> None:
    banned = (
        r"live_" r"server|transactional_" r"db|transaction=" r"True|TransactionTestCase"
    )
    here = [path for path in python() if path != Path(__file__) and within(path, "tests")]

    assert breaches(banned, here) == []


# --------------------------------------------------------------------------- templates


def test_templates_carry_no_style_script_or_handler() -> None:
    """The content security policy refuses all three; the page would be silently broken."""
    inline = (
        r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<style\b|javascript:|<script(?![^>]*\bsrc=)"
    )
    pages = [path for path in ours(".html") if within(path, "templates")]
    allowed = re.compile(r"<script[^>]*type=\"application/json\"")

    found = breaches(inline, pages, flags=re.IGNORECASE)

    assert [line for line in found if not allowed.search(line)] == []


# ------------------------------------------------------------------------------- access


def test_every_view_states_its_permission() -> None:
    silent = [
        route for route, view in our_views() if not hasattr(view, "required_permission")
    ]

    assert silent == []


def test_only_listed_views_are_public() -> None:
    public = {
        route
        for route, view in our_views()
        if not getattr(view, "login_required", True)
        or str(getattr(view, "required_permission", "")).startswith("public:")
    }

    assert public - PUBLIC == set()


def test_only_the_gateways_callbacks_are_free_of_csrf_tokens() -> None:
    exempt = {route for route, view in our_views() if getattr(view, "csrf_exempt", False)}

    assert exempt - CSRF_EXEMPT == set()


def our_views() -> list[tuple[str, object]]:
    views = every_view(get_resolver().url_patterns)
    return [(route, view) for route, view in views if not route.startswith("accounts/")]


def every_view(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, object]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from every_view(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


# --------------------------------------------------------------------------- repository


@pytest.mark.parametrize("name", ["base", "dev"])
def test_locks_name_no_registry(name: str) -> None:
    lock = ROOT / "requirements" / f"{name}.txt"

    assert breaches(r"://|--index-url|--find-links|--extra-index", [lock]) == []


def test_the_development_lock_repeats_every_pin_of_the_base_lock() -> None:
    base, dev = (pins(ROOT / "requirements" / f"{name}.txt") for name in ("base", "dev"))

    assert base - dev == set()


def pins(lock: Path) -> set[str]:
    return {line.split(" ")[0] for line in lock.read_text().splitlines() if "==" in line}


def test_no_file_names_a_registry_or_a_place_of_one_machine() -> None:
    """Where packages come from is each machine's own affair; a checkout works anywhere."""
    text = [
        p for p in tracked() if p.suffix in {".py", ".toml", ".in", ".txt", ".md", ".yml"}
    ]
    text += [path for path in tracked() if path.suffix in {".sh", ".html", ""}]
    registry = (
        r"(pypi|pythonhosted|npmjs|registry\.|deb\.debian|files\.)[\w.-]*\.(org|com|io)"
    )
    homes = r"/home/\w+/|/[r]oot/|/Users/\w+/"
    elsewhere = [p for p in text if p != Path(__file__) and "vendor" not in p.parts]

    assert breaches(rf"{registry}|{homes}", elsewhere) == []
