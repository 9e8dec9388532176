"""The picture of who may import whom, drawn from the import-linter contracts."""

import re
import tomllib
from pathlib import Path
from typing import Any

BEGIN = "<!-- drawn from pyproject.toml by ./dev docs -->"
END = "<!-- end of drawing -->"


def redrawn(text: str, pyproject: Path) -> str:
    """The page with its drawing replaced; the words around it are written by people."""
    contracts: list[dict[str, Any]] = tomllib.loads(pyproject.read_text())["tool"][
        "importlinter"
    ]["contracts"]
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{_drawing(contracts)}\n{END}{after}"


def _drawing(contracts: list[dict[str, Any]]) -> str:
    parts = [_stack(each) for each in contracts if each["type"] == "layers"]
    others = [_sentence(each) for each in contracts if each["type"] != "layers"]
    return "\n".join([*parts, "Besides:\n", *others, ""])


def _stack(contract: dict[str, Any]) -> str:
    """The layers as boxes, the highest first; a box may import the boxes below it."""
    rows = [_row(layer) for layer in contract["layers"]]
    width = max(map(len, rows)) + 4
    edge = f"+{'-' * width}+"
    inside = f"\n{edge}\n".join(f"|{row:^{width}}|" for row in rows)
    where = _containers(contract)
    return f"**{contract['name']}**{where}:\n\n```\n{edge}\n{inside}\n{edge}\n```\n"


def _row(layer: str) -> str:
    """One layer as words: brackets mark rooms that may be absent."""
    return "  |  ".join(part.strip() for part in re.split(r"[|:]", layer))


def _containers(contract: dict[str, Any]) -> str:
    containers = contract.get("containers")
    return f", in {', '.join(f'`{name}`' for name in containers)}" if containers else ""


def _sentence(contract: dict[str, Any]) -> str:
    if contract["type"] == "protected":
        who = ", ".join(contract["allowed_importers"])
        what = ", ".join(contract["protected_modules"])
        return f"* {contract['name']}: `{what}` is imported by `{who}` alone."
    sources = ", ".join(f"`{name}`" for name in contract["source_modules"])
    targets = ", ".join(f"`{name}`" for name in contract["forbidden_modules"])
    except_ = "".join(f" (except `{rule}`)" for rule in contract.get("ignore_imports", []))
    return f"* {contract['name']}: {sources} never import {targets}{except_}."
