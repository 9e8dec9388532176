"""The gateway as `./dev run` starts it: a process of its own that knows nothing of ours."""

import ast
import re
import signal
import subprocess
import sys
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tools" / "sandbox_gateway"


def test_process_serves_and_stops_on_term(tmp_path: Path) -> None:
    database = tmp_path / "var" / "sandbox.sqlite3"
    command = [sys.executable, "-m", "tools.sandbox_gateway", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--database", str(database)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://localhost:(\d+)", process.stdout.readline())
        assert found is not None
        answer = requests.get(f"http://127.0.0.1:{found[1]}/healthz", timeout=10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()

    assert answer.json() == {"ok": True}
    assert database.exists()


def test_imports_nothing_of_the_product() -> None:
    allowed = {"tools", *sys.stdlib_module_names}

    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            )
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= allowed, path
            assert not any(
                name.startswith("tools.") and not name.startswith("tools.sandbox_gateway")
                for name in names
            ), path
