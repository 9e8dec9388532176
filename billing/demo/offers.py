"""What the demo sells, where it is paid, and the fund accounts that pay."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.conf import settings

import funds.queries
from accounts.access import Reach
from accounts.models import User
from billing.demo.people import Cast
from funds.actions import fund_accounts
from payments.actions import channels
from payments.actions.channels import ChannelDetails
from payments.models import PaymentChannel
from pricing.actions import price_versions
from pricing.models import Component, PriceList, Product
from pricing.rating import UnitPrice

_PRICES: Final = (
    UnitPrice(Component.VCPU, Decimal("0.021"), Decimal("12.00")),
    UnitPrice(Component.MEMORY_GIB, Decimal("0.006"), Decimal("3.50")),
    UnitPrice(Component.DISK_GIB, Decimal("0.00015"), Decimal("0.09")),
    UnitPrice(Component.PUBLIC_IP, Decimal("0.005"), Decimal("3.00")),
)
# Keys of the sandbox gateway's merchant; worthless anywhere else.
_SANDBOX: Final = {
    "access_code": "SANDBOXACCESS",
    "merchant_identifier": "SANDBOXMERCHANT",
    "sha_type": "SHA-256",
    "request_phrase": "sandbox-request-phrase",
    "response_phrase": "sandbox-response-phrase",
}


@dataclass(frozen=True)
class Offers:
    """Ids of what the history is made with."""

    channel: PaymentChannel
    prepaid_id: int
    postpaid_id: int


def load(cast: Cast, *, at: datetime) -> Offers:
    """Publish prices, add the sandbox channel and open the fund accounts, where missing."""
    _publish_prices(cast.platform, at)
    return Offers(
        channel=_channel(cast.platform, at),
        prepaid_id=_account(
            cast, "Logistics platform", "PREPAID", cast.platform_group.pk, at
        ),
        postpaid_id=_account(cast, "Data science", "POSTPAID", cast.science_group.pk, at),
    )


def _publish_prices(admin: User, at: datetime) -> None:
    if PriceList.objects.filter(currency="USD").exists():
        return
    product, _ = Product.objects.get_or_create(
        code="instance", defaults={"name": "Instance"}
    )
    price_versions.publish(
        actor=admin, currency="USD", prices={product: _PRICES}, effective_from=at, at=at
    )


def _channel(admin: User, at: datetime) -> PaymentChannel:
    found = PaymentChannel.objects.filter(access_code=_SANDBOX["access_code"]).first()
    if found is not None:
        return found
    details = ChannelDetails(
        name="PayFort sandbox",
        description="Test cards only; no money moves outside this machine.",
        address=settings.PAYMENT_GATEWAY_HOSTS[0],
        return_url=channels.default_return_url(),
        **_SANDBOX,
    )
    return channels.add(actor=admin, tenant_id=None, kind="PAYFORT", details=details, at=at)


def _account(cast: Cast, name: str, kind: str, group_id: int, at: datetime) -> int:
    own = funds.queries.accounts_within(Reach(frozenset({cast.tenant.pk})))
    found = own.filter(name=name).first()
    if found is not None:
        return found.pk
    account = fund_accounts.open(
        actor=cast.platform,
        tenant_id=cast.tenant.pk,
        name=name,
        description="",
        group_ids=[group_id],
        owner_id=cast.owner.pk,
        kind=kind,
        at=at,
    )
    return account.pk
