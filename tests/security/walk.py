"""Every URL of the product, with arguments filled in, for tests that try them all."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import (
    IntConverter,
    PathConverter,
    SlugConverter,
    StringConverter,
    UUIDConverter,
)

_SAMPLES: dict[type, str] = {
    IntConverter: "1",
    SlugConverter: "acme",
    StringConverter: "x",
    PathConverter: "x",
    UUIDConverter: "00000000-0000-4000-8000-000000000000",
}


class Address(NamedTuple):
    """A URL to try, and the view behind it."""

    route: str
    path: str
    view: Any


def addresses() -> list[Address]:
    """Each once: where two views share an address, the first one answers."""
    found: dict[str, Address] = {}
    for address in _walk(get_resolver().url_patterns, "", ""):
        found.setdefault(address.path, address)
    return list(found.values())


def _walk(
    patterns: list[URLPattern | URLResolver], route: str, path: str
) -> Iterator[Address]:
    for entry in patterns:
        here_route, here_path = route + str(entry.pattern), path + _filled(entry)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, here_route, here_path)
        else:
            yield Address(here_route, "/" + here_path, entry.callback)


def _filled(entry: URLPattern | URLResolver) -> str:
    text = str(entry.pattern)
    if not hasattr(entry.pattern, "converters") or "(?P" in text:
        return _filled_expression(text)
    for name, converter in entry.pattern.converters.items():
        sample = _SAMPLES[type(converter)]
        for spelling in (f"<{converter_name}:{name}>" for converter_name in _NAMES):
            text = text.replace(spelling, sample)
        text = text.replace(f"<{name}>", sample)
    return text


_NAMES = ("int", "slug", "str", "path", "uuid")


def _filled_expression(text: str) -> str:
    """Allauth has two addresses as regular expressions; these are what they match."""
    return (
        text.removeprefix("^")
        .removesuffix("$")
        .replace("(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)", "1-abc")
        .replace("(?P<key>[-:\\w]+)", "abc")
    )
