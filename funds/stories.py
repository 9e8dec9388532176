"""Why money moved, told by the app that caused it.

A transaction's reference is `<noun>:<id>`. The app that writes a noun registers who tells
its story, so that the ledger imports nothing above itself.

`register_story_source(noun, fn)` is for references that name one thing (`recharge:81`);
`register_account_story_source` for those that need the fund account too: all accounts of
a tenant share the reference `usage:2026-11-22T10Z`. `register_channel_source` is for the
app that knows by which payment channel money came.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from django.db.models import QuerySet
from django.utils.functional import Promise

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Story:
    """What caused a transaction: a title, facts, and a page to go on to in each portal."""

    title: Words
    lines: list[tuple[Words, Words]]
    url: str = ""
    admin_url: str = ""


StorySource = Callable[[str, int], Story | None]
AccountStorySource = Callable[[str, int, int], Story | None]
ChannelSource = Callable[[Collection[str]], Mapping[str, str]]


class ChannelFilterSource(Protocol):
    """Knows the payment channels and which references came by each."""

    def choices(self, tenant_ids: frozenset[int] | None) -> Sequence[tuple[str, str]]:
        """(id, name) of the channels of these tenants; None means of all."""

    def references(self, channel_id: int) -> QuerySet[Any, str]:
        """The references, such as `recharge:81`, that came by a channel."""


# How the numbers of the things that move money begin, as screens show them.
NUMBER_PREFIXES: Final = {"recharge": "RC", "order": "OR", "transaction": "T"}

_sources: dict[str, StorySource] = {}
_account_sources: dict[str, AccountStorySource] = {}
_channel_sources: list[ChannelSource] = []
_channel_filters: list[ChannelFilterSource] = []


def register_story_source(noun: str, source: StorySource) -> None:
    """Let `source(reference, tenant_id)` tell the stories of this noun."""
    _sources[noun] = source


def register_account_story_source(noun: str, source: AccountStorySource) -> None:
    """Let `source(reference, tenant_id, fund_account_id)` tell them."""
    _account_sources[noun] = source


def register_channel_source(source: ChannelSource) -> None:
    """Let `source(references)` name the payment channels that some of them came by."""
    if source not in _channel_sources:
        _channel_sources.append(source)


def register_channel_filter(source: ChannelFilterSource) -> None:
    """Let `source` offer payment channels to filter transactions by."""
    _channel_filters[:] = [source]


def channel_filter() -> ChannelFilterSource | None:
    """What to filter by payment channel with, if an app above knows channels."""
    return _channel_filters[0] if _channel_filters else None


def story_of(reference: str, *, tenant_id: int, fund_account_id: int) -> Story | None:
    """The story behind a reference, or None where nobody knows one."""
    noun = reference.partition(":")[0]
    if noun in _account_sources:
        return _account_sources[noun](reference, tenant_id, fund_account_id)
    if noun in _sources:
        return _sources[noun](reference, tenant_id)
    return None


def channels_of(references: Collection[str]) -> dict[str, str]:
    """Names of payment channels, for those of the references that came by one."""
    names: dict[str, str] = {}
    for source in _channel_sources:
        names.update(source(references))
    return names


def reference_of(number: str) -> str:
    """The reference that a number as screens show it stands for: RC-81 is `recharge:81`.

    Empty if it is none, and for a transaction's own number.
    """
    prefix, _, digits = number.strip().upper().partition("-")
    if not (digits.isascii() and digits.isdigit()):
        return ""
    for noun, own in NUMBER_PREFIXES.items():
        if own == prefix and noun != "transaction":
            return f"{noun}:{int(digits)}"
    return ""


def number_of(reference: str) -> str:
    """A reference as screens show it: `recharge:81` is RC-81; empty if not a number."""
    noun, _, identity = reference.partition(":")
    prefix = NUMBER_PREFIXES.get(noun)
    return f"{prefix}-{identity}" if prefix and identity.isdigit() else ""
