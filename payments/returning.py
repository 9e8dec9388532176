"""Where the browser goes after the gateway: always to a page of our own host."""

from typing import Final
from urllib.parse import quote

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from payments.models import GatewayMessage, Recharge

_RETURN_TO_MAX: Final = 400


def page_after(message: GatewayMessage) -> str:
    """The channel's return URL for the recharge, if the message is believed."""
    recharge = message.judged_recharge
    if recharge is None:
        return reverse("payments_callbacks:view-unverified")
    return page_of(recharge)


def page_of(recharge: Recharge) -> str:
    """The channel's return URL, filled in for this recharge."""
    filled = recharge.channel.return_url.replace("{tenant}", recharge.tenant.slug)
    if "{recharge}" in filled:
        return filled.replace("{recharge}", str(recharge.pk))
    # A page that has no place for it may still want to know what came of what.
    joint = "&" if "?" in filled else "?"
    return f"{filled}{joint}recharge={quote(recharge.number)}"


def own_path(path: str) -> str:
    """The path to lead back to, or nothing unless it surely is one of ours."""
    is_plain = path.isascii() and path.isprintable() and len(path) <= _RETURN_TO_MAX
    if not is_plain or not path.startswith("/") or path[1:2] in {"/", "\\"}:
        return ""
    return path if url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""
