"""A world in which every money table has a row."""

from typing import Any

import pytest

from accounts.models import BusinessGroup, Tenant, User
from billing.actions import deductions, parkings
from funds import queries
from pricing.models import Sale
from tests.databases import Database
from tests.factories import payments as pay
from tests.factories.billing import NOON, completed, hours_after, running, wanted
from tests.factories.funds import hold, put_in
from tests.factories.pricing import LONG_AGO, publish


@pytest.fixture
def one_of_everything(
    committed_db: Database,
    acme: Tenant,
    acme_group: BusinessGroup,
    acme_account: Any,
    alice: User,
    mia: User,
    tina: User,
) -> None:
    """Recharges paid and unplaced, a hold, orders, an hour charged, a parked account."""
    publish(existing_from=LONG_AGO)
    put_in(acme_account, "500")
    channel = pay.make_channel(tina, acme)
    paid = pay.start_recharge(alice, acme_account, channel)
    pay.deliver(channel, pay.answer(paid))
    pay.deliver(channel, pay.answer(paid, merchant_reference="NOBODY", fort_id="7"))
    hold(acme_account, "1")
    running(mia, acme_group)
    completed(mia, wanted(acme_group, sale=Sale.TERM))
    deductions.run(at=hours_after(NOON, 1))
    parkings.park(
        pot_id=queries.available_pot_id(acme_account.pk),
        hour=NOON,
        reason="No price",
        at=NOON,
    )
