"""Payment channels and recharges, made by their actions, and what a gateway would send."""

import json
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from accounts.models import Tenant, User
from cmp.lib.money import Money
from payments.actions import channels, inbox, recharges
from payments.actions.channels import ChannelDetails
from payments.gateways.payfort import messages
from payments.models import GatewayMessage, PaymentChannel, Recharge
from tests.payments import gateway_fake

if TYPE_CHECKING:
    from funds.models import FundAccount

# In the past, because the ledger refuses what has not happened yet.
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTES_5 = timedelta(minutes=5)
GATEWAY_ORIGIN = "http://localhost:8001"
FORM = "application/x-www-form-urlencoded"


def details(**changes: Any) -> ChannelDetails:
    values: dict[str, Any] = {
        "name": "Card through PayFort",
        "description": "Visa, Mastercard, mada",
        "address": f"{GATEWAY_ORIGIN}/FortAPI/paymentPage",
        "access_code": gateway_fake.ACCESS_CODE,
        "merchant_identifier": gateway_fake.MERCHANT,
        "sha_type": "SHA-256",
        "return_url": channels.default_return_url(),
        "request_phrase": gateway_fake.REQUEST_PHRASE,
        "response_phrase": gateway_fake.RESPONSE_PHRASE,
    }
    return ChannelDetails(**{**values, **changes})


def make_channel(
    actor: User, tenant: Tenant | None = None, *, at: datetime = NOON, **changes: Any
) -> PaymentChannel:
    return channels.add(
        actor=actor,
        tenant_id=tenant.pk if tenant else None,
        kind="PAYFORT",
        details=details(**changes),
        at=at,
    )


def start_recharge(
    payer: User,
    account: "FundAccount",
    channel: PaymentChannel,
    amount: str = "20.00",
    *,
    at: datetime = NOON,
    is_sent: bool = True,
) -> Recharge:
    """A recharge that waits for payment, or with `is_sent=False` only a started one."""
    recharge = recharges.start(
        payer=payer,
        tenant=account.tenant,
        wish=recharges.Wish(
            account_id=account.pk,
            channel_id=channel.pk,
            amount=Money(Decimal(amount), account.currency),
            form_key=uuid.uuid4(),
        ),
        language="en",
        at=at,
    )
    if is_sent:
        recharges.redirect(recharge_id=recharge.pk, at=at)
        recharge.refresh_from_db()
    return recharge


def answer(recharge: Recharge, **changes: str | None) -> dict[str, str]:
    """The gateway's signed success for a recharge; None leaves a field out.

    `phrase` signs with another phrase.
    """
    phrase = changes.pop("phrase", None) or gateway_fake.RESPONSE_PHRASE
    fields: dict[str, str | None] = {
        "command": "PURCHASE",
        "access_code": gateway_fake.ACCESS_CODE,
        "merchant_identifier": gateway_fake.MERCHANT,
        "merchant_reference": recharge.merchant_reference,
        "amount": messages.amount_digits(recharge.money),
        "currency": recharge.currency,
        "language": "en",
        "customer_email": recharge.payer.email,
        "return_url": recharge.channel.own_return_url,
        "fort_id": str(169_000_000_000_000_000 + recharge.pk),
        "payment_option": "VISA",
        "card_number": "400555******0001",
        "status": "14",
        "response_code": "14000",
        "response_message": "Success",
        **changes,
    }
    kept = {name: value for name, value in fields.items() if value is not None}
    return gateway_fake.signed(kept, phrase=phrase)


def declined(recharge: Recharge, code: str = "13666", **changes: str) -> dict[str, str]:
    return answer(recharge, status=code[:2], response_code=code, **changes)


def as_form(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


def as_json(fields: dict[str, str]) -> bytes:
    return json.dumps(fields).encode()


def deliver(
    channel: PaymentChannel,
    fields: dict[str, str],
    *,
    at: datetime = NOON,
    origin: GatewayMessage.Origin = GatewayMessage.Origin.NOTICE,
) -> GatewayMessage:
    """Store and judge a message as the views do."""
    message = inbox.store(
        channel_id=channel.pk,
        origin=origin,
        content_type=FORM,
        body=as_form(fields),
        at=at,
    )
    return inbox.judge(message_id=message.pk, at=at)


def new_fort_id() -> str:
    return str(secrets.randbelow(10**17) + 10**17)
