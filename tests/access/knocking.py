"""Knocking at a URL as everybody, everywhere, by every method, and noting what is wrong."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from django.conf import settings
from django.db import transaction
from django.shortcuts import resolve_url
from django.test import Client

from tests.access import tables
from tests.access.expectations import NOWHERE, OWN, Outcome, Place, expected, places
from tests.access.personas import PERSONAS, Persona
from tests.access.samples import Sample, sample_for
from tests.access.stage import Stage
from tools.docs.urls import Url

METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
PLACEHOLDER: Final = re.compile(r"<(?:\w+:)?(\w+)>")
STATUSES: Final = {
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    405: Outcome.NOT_ALLOWED,
}
# What legitimately differs between two pages that say the same.
PASSING: Final = re.compile(rb"[A-Za-z0-9+/=_-]{16,}")


@dataclass(frozen=True)
class Knock:
    """One request of the matrix and how it should end."""

    persona: Persona
    place: Place
    method: str
    path: str
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.persona}, {self.place.name}: {self.method} {self.path}"


class Broken(Exception):
    """The product answered with a server error."""


def samples_of(url: Url, stage: Stage) -> dict[str, Sample]:
    """The objects in the URL's placeholders."""
    kwargs = [name for name in PLACEHOLDER.findall(url.path) if name != "tenant_slug"]
    return {kwarg: sample_for(kwarg, url, stage) for kwarg in kwargs}


def knocks(
    url: Url, persona: Persona, samples: dict[str, Sample], *, deep: bool
) -> Iterator[Knock]:
    """Every request for this URL and persona.

    A method that the view does not take is refused before anything is looked up, so away
    from the own tenant it is tried in the deep run only.
    """
    for place, method in product(places(url, samples), METHODS):
        if deep or place is OWN or method in url.methods:
            outcome = expected(url, persona, place, method, samples)
            yield Knock(persona, place, method, _path(url, place, samples), outcome)


def complaints(
    url: Url, persona: Persona, stage: Stage, samples: dict[str, Sample], *, deep: bool
) -> list[str]:
    """What is wrong with the answers that this persona gets from this URL."""
    client = client_of(persona.name, stage)
    planned = list(knocks(url, persona, samples, deep=deep))
    refused = [knock for knock in planned if knock.outcome is not Outcome.SERVED]
    served = [knock for knock in planned if knock.outcome is Outcome.SERVED]
    wrong = [*_refused(client, refused), *_unlike_absent(client, refused)]
    for knock in served:
        with undone():
            wrong += _answer(client, knock)
    return wrong


def client_of(name: str, stage: Stage) -> Client:
    client = Client(raise_request_exception=False)
    if PERSONAS[name].is_signed_in:
        client.force_login(stage.people[name])
    return client


class undone:  # noqa: N801 (reads as a block: with undone())
    """Roll back whatever the block does."""

    def __enter__(self) -> None:
        self._block = transaction.atomic()
        self._block.__enter__()

    def __exit__(self, *error: object) -> None:
        transaction.set_rollback(True)
        self._block.__exit__(None, None, None)


def _refused(client: Client, knocks: list[Knock]) -> list[str]:
    """Complaints about requests that must be refused and must change nothing.

    All of them share one comparison of the tables; if that fails they are tried singly.
    """
    with undone():
        before = tables.row_hashes()
        wrong = [text for knock in knocks for text in _answer(client, knock)]
        if tables.changed(before, tables.row_hashes()) == []:
            return wrong
    for knock in knocks:
        with undone():
            _answer(client, knock)
            if changed := tables.changed(before, tables.row_hashes()):
                wrong.append(f"{knock}: refused, yet changed {', '.join(changed)}")
    return wrong


def _answer(client: Client, knock: Knock) -> list[str]:
    try:
        got = outcome_of(client, knock.method, knock.path)
    except Broken as error:
        return [f"{knock}: {error}"]
    if got is knock.outcome:
        return []
    return [f"{knock}: should be {knock.outcome.value}, is {got.value}"]


def _unlike_absent(client: Client, knocks: list[Knock]) -> Iterable[str]:
    """Complaints about a 404 that tells a foreign object from one that does not exist."""
    bodies: dict[bytes, Knock] = {}
    for knock in knocks:
        if knock.outcome is Outcome.NOT_FOUND and knock.place not in (OWN, NOWHERE):
            response = client.generic(knock.method, knock.path)
            body = PASSING.sub(b"", response.content.replace(knock.path.encode(), b""))
            bodies.setdefault(body, knock)
    if len(bodies) > 1:
        yield f"two different 404: {' and '.join(str(knock) for knock in bodies.values())}"


def outcome_of(client: Client, method: str, path: str) -> Outcome:
    response = client.generic(method, path)
    if response.status_code >= 500:
        raise Broken(f"status {response.status_code}, {getattr(response, 'exc_info', '')}")
    if response.status_code == 302 and _is_log_in(response["Location"]):
        return Outcome.LOG_IN
    return STATUSES.get(response.status_code, Outcome.SERVED)


def _is_log_in(location: str) -> bool:
    """Whether this asks to log in first, to come back afterwards."""
    page, _, query = location.partition("?")
    return page == resolve_url(settings.LOGIN_URL) and query.startswith("next=")


def _path(url: Url, place: Place, samples: dict[str, Sample]) -> str:
    def value(match: re.Match[str]) -> str:
        kwarg = match[1]
        if kwarg == "tenant_slug":
            return place.tenant or "nowhere"
        sample = samples[kwarg]
        return str(sample.absent if place.thing is None else sample.of[place.thing])

    return PLACEHOLDER.sub(value, url.path)
