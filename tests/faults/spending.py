"""Fund accounts that pay for servers, and whether every hour of them is charged once."""

from datetime import datetime
from typing import Final

from django.db import connection

from accounts.models import Tenant
from funds.models import FundAccount
from tests.factories.accounts import BusinessGroupFactory, MembershipFactory
from tests.factories.billing import NOON, running
from tests.factories.funds import open_account, put_in

ACCOUNTS: Final = 3
SERVERS: Final = 2
SUBSCRIPTIONS: Final = ACCOUNTS * SERVERS


def spending(tenant: Tenant, since: datetime = NOON) -> FundAccount:
    """A fund account with USD 100 that pays for two servers from `since` on."""
    group = BusinessGroupFactory.create(tenant=tenant)
    member = MembershipFactory.create(tenant=tenant)
    member.groups.add(group)
    account = open_account(tenant, groups=[group], at=since)
    put_in(account, "100", at=since)
    for _server in range(SERVERS):
        running(member.user, group, at=since)
    return account


def charged_once(hours: int) -> bool:
    """Whether every subscription of all accounts has so many hours, each once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT (hour, subscription_id)) FROM billing_charge"
        )
        return bool(cursor.fetchone() == (hours * SUBSCRIPTIONS, hours * SUBSCRIPTIONS))
