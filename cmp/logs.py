"""Logs: one JSON object a line, with the request it belongs to and without secrets.

An event is `noun.verb` with ids: `log.info("recharge.credited", extra={"recharge": 81})`.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from cmp.lib import origin
from cmp.redaction import redact

# What the standard library puts on every record; anything else came in `extra`.
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON, redacted."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "event": redact(record.getMessage()),
        }
        if request_id := origin.request_id.get():
            line["request_id"] = request_id
        line |= _extras(record)
        if record.exc_info:
            line["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class PlainLines(logging.Formatter):
    """Formats a record for a person at the terminal, redacted."""

    def format(self, record: logging.LogRecord) -> str:
        extras = " ".join(f"{key}={value}" for key, value in _extras(record).items())
        return " ".join(filter(None, (redact(super().format(record)), extras)))


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    """The ids and figures given with the event; objects stay out, they print too much."""
    return {
        key: redact(value) if isinstance(value, str) else value
        for key, value in vars(record).items()
        if key not in _STANDARD
        and (value is None or isinstance(value, str | int | float | bool))
    }


def configuration(*, style: str, level: str) -> dict[str, Any]:
    """What `LOGGING` holds; the same for web, workers, beat and commands."""
    formatters = {
        "json": {"()": "cmp.logs.JsonLines"},
        "plain": {
            "()": "cmp.logs.PlainLines",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": formatters[style]},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own set-up would print its lines a second time, past the redaction.
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
            "gunicorn.error": {"handlers": [], "propagate": True},
            # Scanners send foreign hosts all day; the line of the request says it ended
            # with 400, and a traceback says no more.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }
