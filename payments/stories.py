"""What payments tells funds: why money came, by which channel, what forbids deleting."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funds.stories import Story
from payments import queries


def story_of_recharge(reference: str, tenant_id: int) -> Story | None:
    """The recharge behind `recharge:81`, if it is of this tenant."""
    recharge = queries.recharges_of([_id_in(reference)]).filter(tenant_id=tenant_id).first()
    if recharge is None:
        return None
    return Story(
        title=_("Recharge %(number)s") % {"number": recharge.number},
        lines=[
            (gettext_lazy("Payment channel"), recharge.channel.name),
            (gettext_lazy("Paid by"), str(recharge.payer)),
            (gettext_lazy("Provider’s number"), recharge.gateway_reference or "–"),
            (gettext_lazy("Our reference"), recharge.merchant_reference),
        ],
        url=reverse("payments:view-recharge", args=[recharge.tenant.slug, recharge.pk]),
        admin_url=reverse("payments_admin:view-recharge", args=[recharge.pk]),
    )


def channels_of(references: Collection[str]) -> Mapping[str, str]:
    """Names of the channels that these references came by."""
    ids = [_id_in(reference) for reference in references if _is_ours(reference)]
    return {f"recharge:{r.pk}": r.channel.name for r in queries.recharges_of(ids)}


class ChannelFilter:
    """Lets transactions be filtered by the payment channel that they came by."""

    def choices(self, tenant_ids: frozenset[int] | None) -> Sequence[tuple[str, str]]:
        channels = queries.channels_that_may_have_served(tenant_ids)
        return [(str(channel.pk), channel.name) for channel in channels]

    def references(self, channel_id: int) -> QuerySet[Any, str]:
        return queries.references_by(channel_id)


def why_account_stays(fund_account_id: int) -> str | None:
    """Why a fund account cannot be deleted, or None."""
    if not queries.has_unfinished_recharges(fund_account_id):
        return None
    return _("A recharge of this fund account is not finished.")


def _is_ours(reference: str) -> bool:
    return reference.startswith("recharge:")


def _id_in(reference: str) -> int:
    digits = reference.partition(":")[2]
    is_id = digits.isascii() and digits.isdigit() and len(digits) < 19
    return int(digits) if is_id else 0
