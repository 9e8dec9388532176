"""The settings mypy reads: the project's, under variables that suffice to load them."""

import os

for name, text in {
    "ENVIRONMENT": "test",
    "DATABASE_URL": "postgres://cmp_app@/cmp",
    "REDIS_URL": "redis://localhost",
    "SECRET_KEY": "only-for-types",
    "ENCRYPTION_KEYS": "A" * 43 + "=",
}.items():
    os.environ.setdefault(name, text)

from cmp.settings import *  # noqa: E402, F403 (the variables come first)
