"""Things of one tenant on the stage, made by the product's own actions."""

from decimal import Decimal
from uuid import uuid4

from django.conf import settings

from cmp.lib.money import Money
from payments.actions import channels, recharges
from payments.actions.channels import ChannelDetails
from payments.actions.recharges import Wish
from payments.models import PaymentChannel, Recharge
from tests.access.personas import OWNER_OF
from tests.access.stage import Stage
from tests.factories.funds import AT


def add_channel(stage: Stage, slug: str) -> PaymentChannel:
    return channels.add(
        actor=stage.people["platform_admin"],
        tenant_id=stage.tenants[slug].pk,
        kind=PaymentChannel.Kind.PAYFORT,
        details=ChannelDetails(
            name="Cards",
            description="",
            address="https://sbcheckout.payfort.com",
            access_code="SANDBOXACCESS",
            merchant_identifier="SANDBOXMERCHANT",
            sha_type="SHA-256",
            return_url=f"{settings.PUBLIC_URL}/portal/{{tenant}}/recharge/{{recharge}}/",
            request_phrase="request-phrase",
            response_phrase="response-phrase",
        ),
        at=AT,
    )


def start_recharge(stage: Stage, slug: str) -> Recharge:
    channel = add_channel(stage, slug)
    recharge = recharges.start(
        payer=stage.people[OWNER_OF[slug]],
        tenant=stage.tenants[slug],
        wish=Wish(
            account_id=stage.accounts[slug].pk,
            channel_id=channel.pk,
            amount=Money(Decimal("25.00"), "USD"),
            form_key=uuid4(),
        ),
        language="en",
        at=AT,
    )
    recharges.redirect(recharge_id=recharge.pk, at=AT)
    return recharge
