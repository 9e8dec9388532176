"""What the tests of payments share."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Tenant, User
from payments.models import PaymentChannel, Recharge
from tests.factories import payments as make
from tests.payments.gateway_fake import FakeGateway, running_gateway


@pytest.fixture(autouse=True)
def gateway_hosts(settings: Any) -> None:
    settings.PAYMENT_GATEWAY_HOSTS = [make.GATEWAY_ORIGIN]


@pytest.fixture
def channel(acme: Tenant, tina: User) -> PaymentChannel:
    """Acme's own channel."""
    return make.make_channel(tina, acme)


@pytest.fixture
def recharge(alice: User, acme_account: Any, channel: PaymentChannel) -> Recharge:
    """Alice's recharge of USD 20.00, waiting for payment."""
    return make.start_recharge(alice, acme_account, channel)


@pytest.fixture
def fake_gateway(settings: Any) -> Iterator[FakeGateway]:
    """A gateway that answers status queries; channels must name its origin."""
    with running_gateway() as fake:
        settings.PAYMENT_GATEWAY_HOSTS = [make.GATEWAY_ORIGIN, fake.origin]
        yield fake
