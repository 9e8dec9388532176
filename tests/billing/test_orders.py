"""Orders: made once per form at the price shown, paid once, cancelled while unpaid."""

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

import funds.queries
from accounts.models import BusinessGroup, Tenant, User
from billing.actions import orders
from billing.actions.orders import FormReused, NoFundAccount, OrderClosed, PriceChanged
from billing.models import Order, OrderEvent
from cmp.lib.money import Money
from funds.actions.ledger import InsufficientFunds
from funds.models import FundAccount, Transaction
from pricing.models import PriceVersion, Sale
from pricing.queries import NoPrice
from resources.actions.instances import NameTaken
from resources.models import Instance
from tests.factories.billing import NOON, completed, hours_after, submitted, wanted
from tests.factories.funds import open_account
from tests.factories.pricing import dearer, publish

MONTH = Money(Decimal("44.50"), "USD")
HOUR = Money(Decimal("0.077173"), "USD")


def available(account: FundAccount) -> str:
    return str(funds.queries.balance_of(account.pk).available.amount)


def test_a_prepaid_order_waits_for_its_payment(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """REQ-03, FND-06: the account's type decides, and a prepaid one pays first."""
    order = submitted(mia, wanted(group, sale=Sale.TERM))

    assert (order.state, order.total, order.held) == ("PENDING_PAYMENT", MONTH, MONTH)
    assert order.number == f"OR-{order.pk}"
    assert order.lines == [
        {"component": "VCPU", "quantity": "2", "unit": "12.000000", "amount": "24.000000"},
        {
            "component": "MEMORY_GIB",
            "quantity": "4",
            "unit": "3.500000",
            "amount": "14.000000",
        },
        {
            "component": "DISK_GIB",
            "quantity": "50",
            "unit": "0.070000",
            "amount": "3.500000",
        },
        {
            "component": "PUBLIC_IP",
            "quantity": "1",
            "unit": "3.000000",
            "amount": "3.000000",
        },
    ]
    assert not Instance.objects.exists()
    assert available(funded) == "100.000000"
    assert [event.kind for event in order.events.all()] == [OrderEvent.Kind.SUBMITTED]


def test_an_hourly_order_holds_its_first_hour(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = submitted(mia, wanted(group))

    assert (order.total, order.held) == (HOUR, HOUR)
    assert order.per_second == Decimal("0.000021436900")

    orders.pay(actor=mia, order_id=order.pk, at=NOON)

    assert available(funded) == "99.922827"
    assert funds.queries.balance_of(funded.pk).balance == Money(Decimal("100"), "USD")


def test_a_tiny_hour_holds_the_smallest_payable_amount(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    publish(prices=dearer("0.001"), effective_from=NOON, at=NOON)

    order = submitted(mia, wanted(group))

    assert order.total == Money(Decimal("0.000077"), "USD")
    assert order.held == Money(Decimal("0.01"), "USD")


def test_a_postpaid_order_starts_at_once_without_a_hold(
    acme: Tenant, prices: PriceVersion, mia: User, group: BusinessGroup
) -> None:
    """REQ-07, FND-06: the account's type decides, and a postpaid one pays later."""
    open_account(acme, kind=FundAccount.Kind.POSTPAID, groups=[group])

    order = submitted(mia, wanted(group))

    assert order.state == Order.State.PROCESSING
    assert order.instance is not None
    assert order.instance.state == Instance.State.REQUESTED
    assert order.held.amount == 0
    assert order.hold_id is None
    assert not Transaction.objects.exists()


def test_a_form_sent_twice_makes_one_order(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """ORD-06: a repeated submit makes one order."""
    request, key = wanted(group), uuid4()

    first = orders.submit(actor=mia, wanted=request, expected=HOUR, form_key=key, at=NOON)
    again = orders.submit(
        actor=mia, wanted=request, expected=HOUR, form_key=key, at=hours_after(NOON, 1)
    )

    assert again.pk == first.pk
    assert Order.objects.count() == 1
    assert OrderEvent.objects.count() == 1


def test_a_form_is_not_used_for_something_else(
    funded: FundAccount, mia: User, alice: User, group: BusinessGroup
) -> None:
    request, key = wanted(group), uuid4()
    orders.submit(actor=mia, wanted=request, expected=HOUR, form_key=key, at=NOON)

    with pytest.raises(FormReused):
        orders.submit(
            actor=mia,
            wanted=replace(request, name="other"),
            expected=HOUR,
            form_key=key,
            at=NOON,
        )
    with pytest.raises(FormReused):
        orders.submit(actor=alice, wanted=request, expected=HOUR, form_key=key, at=NOON)

    assert Order.objects.count() == 1


def test_a_price_that_changed_meanwhile_is_shown_first(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    publish(prices=dearer("2"), effective_from=NOON, at=NOON)

    with pytest.raises(PriceChanged, match=r"price is USD 0\.154346") as refusal:
        orders.submit(
            actor=mia, wanted=wanted(group), expected=HOUR, form_key=uuid4(), at=NOON
        )

    assert refusal.value.quote.total == Money(Decimal("0.154346"), "USD")
    assert not Order.objects.exists()


def test_an_order_keeps_its_price(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = submitted(mia, wanted(group, sale=Sale.TERM))
    publish(prices=dearer("2"), effective_from=NOON, at=NOON)

    paid = orders.pay(actor=mia, order_id=order.pk, at=hours_after(NOON, 1))

    assert paid.total == MONTH
    assert available(funded) == "55.500000"


def test_a_group_without_a_fund_account_cannot_order(
    prices: PriceVersion, mia: User, group: BusinessGroup
) -> None:
    with pytest.raises(NoFundAccount):
        submitted(mia, wanted(group))

    assert not Order.objects.exists()


def test_no_order_without_a_price(
    acme_account: FundAccount, mia: User, group: BusinessGroup
) -> None:
    with pytest.raises(NoPrice):
        orders.submit(
            actor=mia, wanted=wanted(group), expected=HOUR, form_key=uuid4(), at=NOON
        )

    assert not Order.objects.exists()


def test_a_living_name_is_not_ordered_again(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    completed(mia, wanted(group, name="web"))

    with pytest.raises(NameTaken, match="“Web” exists already"):
        submitted(mia, wanted(group, name="Web"))

    assert Order.objects.count() == 1


def test_paying_twice_holds_once(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = submitted(mia, wanted(group, sale=Sale.TERM))

    first = orders.pay(actor=mia, order_id=order.pk, at=NOON)
    again = orders.pay(actor=mia, order_id=order.pk, at=NOON)

    assert (again.state, again.hold_id) == (Order.State.PROCESSING, first.hold_id)
    assert available(funded) == "55.500000"
    assert Instance.objects.count() == 1


def test_what_is_missing_is_said_in_payable_money(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    for _number in range(2):
        completed(mia, wanted(group, sale=Sale.TERM))
    order = submitted(mia, wanted(group, sale=Sale.TERM))

    with pytest.raises(InsufficientFunds) as refusal:
        orders.pay(actor=mia, order_id=order.pk, at=NOON)

    # 44.50 is asked for, 100.00 − 2 × 44.50 = 11.00 is there.
    assert refusal.value.missing == Money(Decimal("33.50"), "USD")
    order.refresh_from_db()
    assert (order.state, order.instance_id, order.hold_id) == (
        "PENDING_PAYMENT",
        None,
        None,
    )
    assert available(funded) == "11.000000"
    assert Instance.objects.count() == 2


def test_cancelling_twice_cancels_once(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    """ORD-03: an unpaid order can be cancelled."""
    order = submitted(mia, wanted(group))

    orders.cancel(actor=mia, order_id=order.pk, at=NOON)
    again = orders.cancel(actor=mia, order_id=order.pk, at=hours_after(NOON, 1))

    assert (again.state, again.finished_at) == (Order.State.CANCELLED, NOON)
    assert [event.kind for event in order.events.order_by("id")] == [
        "SUBMITTED",
        "CANCELLED",
    ]


def test_a_cancelled_order_cannot_be_paid(
    funded: FundAccount, mia: User, group: BusinessGroup
) -> None:
    order = submitted(mia, wanted(group))
    orders.cancel(actor=mia, order_id=order.pk, at=NOON)

    with pytest.raises(OrderClosed):
        orders.pay(actor=mia, order_id=order.pk, at=NOON)

    assert available(funded) == "100.000000"


@pytest.mark.parametrize("is_deployed", [False, True])
def test_a_paid_order_cannot_be_cancelled(
    funded: FundAccount, mia: User, group: BusinessGroup, is_deployed: bool
) -> None:
    """ORD-03: only an unpaid one can be."""
    order = submitted(mia, wanted(group))
    orders.pay(actor=mia, order_id=order.pk, at=NOON)
    if is_deployed:
        completed(mia, wanted(group))

    with pytest.raises(OrderClosed):
        orders.cancel(actor=mia, order_id=order.pk, at=NOON)

    order.refresh_from_db()
    assert order.state == Order.State.PROCESSING
