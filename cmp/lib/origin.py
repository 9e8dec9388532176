"""Where the work in hand comes from: which request or task, from which address."""

from contextvars import ContextVar
from typing import Final

# The id stands in every log line, on error pages and in the response's header.
request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
# The address of the person's machine, as the outermost trusted proxy saw it.
client_address: Final[ContextVar[str | None]] = ContextVar("client_address", default=None)
