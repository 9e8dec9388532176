"""What billing tells funds: why an account stays, and the stories of its transactions."""

import pytest

from accounts.models import BusinessGroup, Tenant, User
from billing import connections
from billing.actions import deductions, subscriptions
from funds import stories
from funds.actions import fund_accounts
from funds.actions.fund_accounts import FundAccountInUse
from funds.models import FundAccount
from pricing.models import Sale
from tests.factories.billing import NOON, completed, hours_after, running, submitted, wanted
from tests.factories.funds import open_account


@pytest.fixture
def postpaid(acme: Tenant, prices: object, mia: User, group: BusinessGroup) -> FundAccount:
    return open_account(acme, kind=FundAccount.Kind.POSTPAID, groups=[group])


def test_an_account_with_an_open_order_stays(
    acme_account: FundAccount, prices: object, tina: User, mia: User, group: BusinessGroup
) -> None:
    submitted(mia, wanted(group))

    with pytest.raises(FundAccountInUse, match="An order of this fund account is not"):
        fund_accounts.delete(actor=tina, fund_account_id=acme_account.pk, at=NOON)


def test_an_account_that_pays_for_something_stays_until_it_ends(
    postpaid: FundAccount, tina: User, mia: User, group: BusinessGroup
) -> None:
    subscription = running(mia, group)

    with pytest.raises(FundAccountInUse, match="A resource is still paid"):
        fund_accounts.delete(actor=tina, fund_account_id=postpaid.pk, at=NOON)

    subscriptions.end(actor=mia, instance_id=subscription.instance_id, at=NOON)
    fund_accounts.delete(actor=tina, fund_account_id=postpaid.pk, at=NOON)
    postpaid.refresh_from_db()
    assert postpaid.deleted_at == NOON


def test_a_purchase_tells_its_order(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = completed(mia, wanted(group, name="erp", sale=Sale.TERM))

    story = stories.story_of(
        order.reference, tenant_id=order.tenant_id, fund_account_id=funded.pk
    )

    assert story is not None
    assert story.title == f"Order {order.number}"
    assert dict(story.lines)["Instance"] == "erp"
    assert dict(story.lines)["Price"] == "USD 44.50"
    assert story.url == f"/portal/acme/orders/{order.pk}/"
    assert story.admin_url == f"/admin/orders/{order.pk}/"


def test_another_tenant_s_order_has_no_story(
    funded: FundAccount, globex: Tenant, mia: User, group: BusinessGroup
) -> None:
    order = submitted(mia, wanted(group))

    assert connections.story_of_order(order.reference, globex.pk) is None


def test_a_usage_deduction_tells_its_charges(
    funded: FundAccount, acme: Tenant, mia: User, group: BusinessGroup
) -> None:
    running(mia, group, name="one")
    running(mia, group, name="two")
    deductions.run(at=hours_after(NOON, 1))

    story = stories.story_of(
        "usage:2026-03-01T12Z", tenant_id=acme.pk, fund_account_id=funded.pk
    )

    assert story is not None
    assert story.title == "Use from 2026-03-01 12:00 to 13:00 UTC"
    assert story.lines == [
        ("Charges", "2"),
        ("Seconds used", "7200"),
        ("Deducted", "USD 0.154346"),
        ("one", "3600 s at 0.000021436900 per second = USD 0.077173"),
        ("two", "3600 s at 0.000021436900 per second = USD 0.077173"),
    ]


@pytest.mark.parametrize(
    "reference",
    ["usage:", "usage:x", "usage:2026-13-01T12Z", "order:", "order:٣", "order:x"],
)
def test_a_reference_that_is_none_has_no_story(
    funded: FundAccount, acme: Tenant, reference: str
) -> None:
    assert stories.story_of(reference, tenant_id=acme.pk, fund_account_id=funded.pk) is None
