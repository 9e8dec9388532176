"""Reads about channels, recharges and the inbox, for screens, actions and higher apps."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from accounts import access
from accounts.access import Permission, Reach
from accounts.models import Tenant, User
from funds import queries as funds
from payments.models import (
    UNFINISHED,
    GatewayMessage,
    PaymentChannel,
    Recharge,
    UnplacedPayment,
)

# ---------------------------------------------------------------- channels


def channels_for(tenant_id: int) -> QuerySet[PaymentChannel]:
    """The channels a payer of the tenant may choose: its own first, then everybody's."""
    return PaymentChannel.objects.filter(
        Q(tenant_id=tenant_id) | Q(tenant=None), is_active=True, deleted_at=None
    ).order_by("tenant_id", "name", "id")


def channels_seen_by(tenant_id: int) -> QuerySet[PaymentChannel]:
    """The channels that recharges of the tenant may have come by, deleted ones too."""
    own = Q(tenant_id=tenant_id) | Q(tenant=None)
    return PaymentChannel.objects.filter(own).order_by("name", "id")


def channels_that_may_have_served(
    tenant_ids: frozenset[int] | None,
) -> QuerySet[PaymentChannel]:
    """The channels that recharges of these tenants, or of all, may have come by."""
    channels = PaymentChannel.objects.order_by("name", "id")
    if tenant_ids is None:
        return channels
    return channels.filter(Q(tenant_id__in=tenant_ids) | Q(tenant=None))


def references_by(channel_id: int) -> QuerySet[Any, str]:
    """What transactions of this channel's recharges refer to, such as `recharge:81`."""
    number = Concat(Value("recharge:", TextField()), Cast("pk", TextField()))
    recharges = Recharge.objects.filter(channel_id=channel_id)
    return recharges.annotate(reference=number).values_list("reference", flat=True)


def channels_within(reach: Reach) -> QuerySet[PaymentChannel]:
    """The channels that somebody in the admin portal sees."""
    living = PaymentChannel.objects.filter(deleted_at=None).select_related("tenant")
    return reach.limit(living)


def get_channel_within(reach: Reach, channel_id: int) -> PaymentChannel:
    """Raises `PaymentChannel.DoesNotExist`, also for a deleted one."""
    return channels_within(reach).get(pk=channel_id)


def find_channel(channel_id: int) -> PaymentChannel | None:
    """Any channel, deleted ones too: a late payment may still name it."""
    return PaymentChannel.objects.filter(pk=channel_id).first()


# ---------------------------------------------------------------- recharges


def accounts_to_recharge(actor: User, tenant: Tenant) -> list[Any]:
    """The fund accounts that the actor may put money in, by name."""
    visible = funds.accounts_visible_to(actor, tenant).order_by("name", "id")
    return [a for a in visible if access.allows(actor, Permission.RECHARGE, a)]


def recharges_visible_to(actor: User, tenant: Tenant) -> QuerySet[Recharge]:
    """All of the tenant's for whoever may view them by role, else the actor's own."""
    recharges = _recharges().filter(tenant=tenant)
    if Permission.VIEW_RECHARGES in access.role_grants(actor, tenant.pk):
        return recharges
    return recharges.filter(Q(fund_account__owner=actor) | Q(payer=actor))


def get_recharge_visible_to(actor: User, tenant: Tenant, recharge_id: int) -> Recharge:
    """Raises `Recharge.DoesNotExist`."""
    return recharges_visible_to(actor, tenant).get(pk=recharge_id)


def get_own_recharge(payer: User, tenant: Tenant, recharge_id: int) -> Recharge:
    """One that the payer started; raises `Recharge.DoesNotExist`."""
    return _recharges().filter(tenant=tenant, payer=payer).get(pk=recharge_id)


def recharges_within(reach: Reach) -> QuerySet[Recharge]:
    return reach.limit(_recharges())


def get_recharge_within(reach: Reach, recharge_id: int) -> Recharge:
    """Raises `Recharge.DoesNotExist`."""
    return recharges_within(reach).get(pk=recharge_id)


def recharges_of(ids: Collection[int]) -> QuerySet[Recharge]:
    """These recharges, whoever asks."""
    return _recharges().filter(pk__in=ids)


def find_recharge(reference: str) -> Recharge | None:
    """By the reference that the gateway knows."""
    return Recharge.objects.filter(merchant_reference=reference).first()


def find_recharge_of_form(form_key: UUID) -> Recharge | None:
    return Recharge.objects.filter(form_key=form_key).first()


def is_used_by_another(
    recharge: Recharge | None, channel_id: int, gateway_reference: str
) -> bool:
    """Whether the gateway's number stands for another paid recharge of the channel."""
    paid = Recharge.objects.filter(
        channel_id=channel_id, gateway_reference=gateway_reference
    )
    return (paid.exclude(pk=recharge.pk) if recharge else paid).exists()


def has_unfinished_recharges(fund_account_id: int) -> bool:
    """Whether money may still arrive for the fund account, or somebody has to decide."""
    return Recharge.objects.filter(
        fund_account_id=fund_account_id, state__in=UNFINISHED
    ).exists()


def unfinished_counts(channel_ids: Collection[int]) -> dict[int, int]:
    """How many recharges of each channel are not finished; 0 is left out."""
    counts: dict[int, int] = {}
    unfinished = Recharge.objects.filter(channel_id__in=channel_ids, state__in=UNFINISHED)
    for channel_id in unfinished.values_list("channel_id", flat=True):
        counts[channel_id] = counts.get(channel_id, 0) + 1
    return counts


# ---------------------------------------------------------------- the inbox


def believed_messages(recharge: Recharge) -> QuerySet[GatewayMessage]:
    """The signed messages about a recharge, oldest first."""
    return recharge.messages.order_by("received_at", "id")


def messages_left_unjudged(before: datetime) -> QuerySet[GatewayMessage]:
    """Messages whose judging failed or was lost, oldest first."""
    return GatewayMessage.objects.filter(judged_at=None, received_at__lte=before).order_by(
        "received_at", "id"
    )


def unplaced_within(reach: Reach) -> QuerySet[UnplacedPayment]:
    """Payments in suspense that came by the channels of these tenants."""
    payments = UnplacedPayment.objects.select_related("channel", "recharge")
    return reach.limit(payments, "channel__tenant_id")


def find_unplaced(channel_id: int, gateway_reference: str) -> UnplacedPayment | None:
    return UnplacedPayment.objects.filter(
        channel_id=channel_id, gateway_reference=gateway_reference
    ).first()


def _recharges() -> QuerySet[Recharge]:
    return Recharge.objects.select_related("fund_account", "channel", "payer", "tenant")
