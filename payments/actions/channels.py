"""Payment channels: add, edit, disable, enable, delete."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import access
from accounts.access import PLATFORM, Permission
from accounts.actions import audit
from accounts.models import Tenant, User
from cmp.lib import crypto
from cmp.lib.errors import DomainError, refusals
from payments.gateways.base import NotPayable
from payments.gateways.registry import gateway_of
from payments.models import PaymentChannel


class ChannelNameTaken(DomainError):
    """Another channel of the tenant has this name."""

    field = "name"


class AddressNotAllowed(DomainError):
    """Money would cross our border to a host that is not configured."""

    field = "address"


class PhrasesAreEqual(DomainError):
    """With equal phrases a request of ours could be replayed as the gateway's answer."""

    field = "response_phrase"


class PhraseMissing(DomainError):
    """A channel without a phrase could neither sign nor check."""

    field = "request_phrase"


class ReturnUrlElsewhere(DomainError):
    """The browser would leave us with somebody else's address."""

    field = "return_url"


class ChannelInUse(DomainError):
    """Recharges of the channel are not finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDetails:
    """What an administrator enters; an empty phrase keeps the stored one."""

    name: str
    description: str
    address: str
    access_code: str
    merchant_identifier: str
    sha_type: str
    return_url: str
    request_phrase: str = field(default="", repr=False)
    response_phrase: str = field(default="", repr=False)


_REFUSALS: Final = {
    "channel_name_is_unique_in_its_tenant": ChannelNameTaken(
        gettext_lazy("There is a payment channel with this name already.")
    ),
    "channel_ends": ChannelInUse(
        gettext_lazy(
            "Recharges through this channel are not finished, so it cannot be deleted. "
            "Disable it: it is no longer offered, and the open recharges can still end."
        )
    ),
}
# What the audit log shows of a channel; never a phrase.
_SHOWN: Final = (
    "name",
    "description",
    "address",
    "access_code",
    "merchant_identifier",
    "sha_type",
    "return_url",
    "is_active",
)


@transaction.atomic
def add(
    *, actor: User, tenant_id: int | None, kind: str, details: ChannelDetails, at: datetime
) -> PaymentChannel:
    """Add a channel, in use at once; without a tenant it serves every tenant.

    Raises `ChannelNameTaken`, `AddressNotAllowed`, `PhraseMissing`, `PhrasesAreEqual` or
    `ReturnUrlElsewhere`.
    """
    _demand(actor, tenant_id)
    channel = PaymentChannel(tenant_id=tenant_id, kind=kind, created_at=at)
    _fill(channel, details)
    with refusals(_REFUSALS), transaction.atomic():
        channel.save()
    _record(actor, channel, "added", {}, at)
    return channel


@transaction.atomic
def edit(
    *, actor: User, channel_id: int, details: ChannelDetails, at: datetime
) -> PaymentChannel:
    """Change a channel; kind and tenant stay. Raises as `add` does."""
    channel = _locked(actor, channel_id)
    before = _shown(channel)
    phrases = (channel.request_phrase_cipher, channel.response_phrase_cipher)
    _fill(channel, details)
    with refusals(_REFUSALS), transaction.atomic():
        channel.save()
    renewed = phrases != (channel.request_phrase_cipher, channel.response_phrase_cipher)
    _record(actor, channel, "edited", before, at, phrases_renewed=renewed)
    return channel


@transaction.atomic
def disable(*, actor: User, channel_id: int, at: datetime) -> PaymentChannel:
    """Stop offering the channel; what was started through it can still be paid."""
    return _switch(actor, channel_id, is_active=False, at=at)


@transaction.atomic
def enable(*, actor: User, channel_id: int, at: datetime) -> PaymentChannel:
    """Offer the channel again."""
    return _switch(actor, channel_id, is_active=True, at=at)


@transaction.atomic
def delete(*, actor: User, channel_id: int, at: datetime) -> PaymentChannel:
    """Delete the channel; its row stays for the recharges that name it.

    Raises `ChannelInUse` while a recharge of it is not finished.
    """
    channel = _locked(actor, channel_id)
    before = _shown(channel)
    channel.deleted_at = at
    channel.is_active = False
    with refusals(_REFUSALS), transaction.atomic():
        channel.save(update_fields=["deleted_at", "is_active"])
    _record(actor, channel, "deleted", before, at)
    return channel


def _switch(
    actor: User, channel_id: int, *, is_active: bool, at: datetime
) -> PaymentChannel:
    channel = _locked(actor, channel_id)
    if channel.is_active != is_active:
        before = _shown(channel)
        channel.is_active = is_active
        channel.save(update_fields=["is_active"])
        _record(actor, channel, "enabled" if is_active else "disabled", before, at)
    return channel


def _fill(channel: PaymentChannel, details: ChannelDetails) -> None:
    channel.address = _gateway_page(channel.kind, details.address)
    channel.return_url = _own_page(details.return_url)
    channel.name = details.name
    channel.description = details.description
    channel.access_code = details.access_code
    channel.merchant_identifier = details.merchant_identifier
    channel.sha_type = details.sha_type
    _set_phrases(channel, details)


def _gateway_page(kind: str, address: str) -> str:
    try:
        return gateway_of(kind).check_address(address)
    except NotPayable as refusal:
        raise AddressNotAllowed(str(refusal)) from refusal


def _set_phrases(channel: PaymentChannel, details: ChannelDetails) -> None:
    request = details.request_phrase or _opened(channel.request_phrase_cipher)
    response = details.response_phrase or _opened(channel.response_phrase_cipher)
    if not request.strip() or not response.strip():
        raise PhraseMissing(_("Enter both phrases; the gateway’s dashboard shows them."))
    if request == response:
        raise PhrasesAreEqual(
            _("The request phrase and the response phrase must differ; set two in the "
              "gateway’s dashboard.")
        )  # fmt: skip
    if details.request_phrase:
        channel.request_phrase_cipher = crypto.encrypt(request)
    if details.response_phrase:
        channel.response_phrase_cipher = crypto.encrypt(response)


def _opened(cipher: str) -> str:
    return crypto.decrypt(cipher) if cipher else ""


def _own_page(url: str) -> str:
    """The return URL as entered, if it is a page of ours and not the return view itself."""
    own, asked = urlsplit(settings.PUBLIC_URL), urlsplit(url)
    is_ours = (asked.scheme, asked.netloc) == (own.scheme, own.netloc)
    if not is_ours or "\\" in url or asked.path.startswith("/pay/"):
        raise ReturnUrlElsewhere(
            _("The return URL must be a page of %(host)s, such as %(example)s.")
            % {"host": settings.PUBLIC_URL, "example": default_return_url()}
        )
    return url


def default_return_url() -> str:
    """The page of each recharge, which shows the outcome and the new balance."""
    return f"{settings.PUBLIC_URL}/portal/{{tenant}}/recharge/{{recharge}}/"


def _locked(actor: User, channel_id: int) -> PaymentChannel:
    channel = PaymentChannel.objects.select_for_update(no_key=True).get(
        pk=channel_id, deleted_at=None
    )
    _demand(actor, channel.tenant_id)
    return channel


def _demand(actor: User, tenant_id: int | None) -> None:
    scope = PLATFORM if tenant_id is None else Tenant(pk=tenant_id)
    access.demand(actor, Permission.EDIT_CHANNELS, scope)


def _shown(channel: PaymentChannel) -> dict[str, Any]:
    return {name: getattr(channel, name) for name in _SHOWN}


def _record(
    actor: User,
    channel: PaymentChannel,
    verb: str,
    before: dict[str, Any],
    at: datetime,
    **more: object,
) -> None:
    after = {} if channel.is_deleted else {**_shown(channel), **more}
    audit.record(
        actor=actor,
        verb=f"payment_channel.{verb}",
        subject=f"payment_channel:{channel.pk}",
        before=before,
        after=after,
        at=at,
        tenant_id=channel.tenant_id,
    )
