"""`./dev docs` writes the generated pages; `--check` only tells which are stale."""

import argparse
import os
import sys
from pathlib import Path

from tools.docs import layers, requirements

ROOT = Path(__file__).resolve().parents[2]
# Nothing is connected to while pages are made: the settings only have to be complete.
PLACEHOLDERS = {
    "ENVIRONMENT": "test",
    "SECRET_KEY": "only-for-making-pages",
    "ENCRYPTION_KEYS": "A" * 43 + "=",
    "DATABASE_URL": "postgres://nobody@/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def pages() -> dict[Path, str]:
    """Every generated page with the text it should have."""
    from tools.docs import urls

    architecture = ROOT / "docs" / "architecture.md"
    return {
        architecture: layers.redrawn(architecture.read_text(), ROOT / "pyproject.toml"),
        ROOT / "docs" / "requirements.md": requirements.page(ROOT),
        ROOT / "docs" / "urls.md": urls.page(),
    }


def stale() -> dict[Path, str]:
    """The generated pages that do not say what they should, and what they should say."""
    return {
        path: text
        for path, text in pages().items()
        if not path.exists() or path.read_text() != text
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell what is stale")
    asked = parser.parse_args()
    for name, value in PLACEHOLDERS.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cmp.settings")
    import django

    django.setup()
    behind = stale()
    for path, text in behind.items():
        print(path.relative_to(ROOT), "is stale" if asked.check else "written")
        if not asked.check:
            path.write_text(text)
    return 1 if asked.check and behind else 0


if __name__ == "__main__":
    sys.exit(main())
