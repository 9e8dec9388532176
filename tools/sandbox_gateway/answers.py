"""What a step gives back to HTTP."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    location: str = ""


def as_page(page: str, status: int = 200) -> Answer:
    return Answer(page.encode(), status=status)


def as_json(told: Any, status: int = 200) -> Answer:
    body = json.dumps(told, ensure_ascii=False).encode()
    return Answer(body, "application/json; charset=utf-8", status)


def as_text(text: str, status: int) -> Answer:
    return Answer(text.encode(), "text/plain; charset=utf-8", status)


def see(location: str) -> Answer:
    return Answer(b"", status=303, location=location)
