"""REQ-11, F40: a hold is released, captured or expired: exactly one of them, once."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from cmp.lib.money import Money
from funds import queries
from funds.actions import holds, ledger
from funds.models import Transaction
from funds.types import Kind
from tests.factories.funds import AT, hold, money, put_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def funded(acme_account):
    put_in(acme_account, "100")
    return acme_account


def balances(account):
    balance = queries.balance_of(account.pk)
    return balance.available.amount, balance.held.amount


def test_a_hold_sets_money_aside_and_keeps_the_balance(funded):
    placed = hold(funded, "30", order=7)

    assert balances(funded) == (70, 30)
    assert placed.balance_after == money(funded, "70")
    assert queries.balance_of(funded.pk).balance == money(funded, "100")
    assert [h.pk for h in queries.open_holds(funded.pk)] == [placed.id]


def test_a_hold_needs_the_money(funded):
    with pytest.raises(ledger.InsufficientFunds) as refusal:
        hold(funded, "100.01")

    assert refusal.value.missing == money(funded, "0.01")
    assert balances(funded) == (100, 0)


def test_held_money_cannot_be_held_again(funded):
    hold(funded, "60")

    with pytest.raises(ledger.InsufficientFunds) as refusal:
        hold(funded, "60")

    assert refusal.value.missing == money(funded, "20")
    assert balances(funded) == (40, 60)


def test_the_same_order_is_held_once(funded):
    first, again = hold(funded, "30", order=7), hold(funded, "30", order=7)

    assert (again.id, again.replay) == (first.id, True)
    assert balances(funded) == (70, 30)


@pytest.mark.parametrize(
    ("resolve", "kind"),
    [(holds.release, Kind.HOLD_RELEASED), (holds.expire, Kind.HOLD_EXPIRED)],
)
def test_giving_back_restores_everything_once(funded, resolve, kind):
    placed = hold(funded, "30")

    first = resolve(hold_id=placed.id, at=AT)
    again = resolve(hold_id=placed.id, at=AT)

    assert balances(funded) == (100, 0)
    assert (again.id, again.replay, first.replay) == (first.id, True, False)
    assert first.balance_after == money(funded, "100")
    assert Transaction.objects.get(pk=first.id).kind == kind
    assert list(queries.open_holds(funded.pk)) == []


def test_a_capture_takes_all_of_it_once(funded):
    placed = hold(funded, "30", order=7)

    first = holds.capture(hold_id=placed.id, reference="order:7", at=AT)
    again = holds.capture(hold_id=placed.id, reference="order:7", at=AT)

    assert balances(funded) == (70, 0)
    assert (again.id, again.replay) == (first.id, True)
    assert first.balance_after == money(funded, "70")
    kinds = Transaction.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == [Kind.RECHARGE, Kind.HOLD, Kind.HOLD_CAPTURED, Kind.PURCHASE]


def test_a_capture_of_less_gives_the_rest_back(funded):
    placed = hold(funded, "30")

    holds.capture(
        hold_id=placed.id, reference="order:7", at=AT, amount=money(funded, "12.34")
    )

    assert balances(funded) == (Decimal("87.66"), 0)


def test_a_capture_of_more_is_refused(funded):
    placed = hold(funded, "30")

    with pytest.raises(holds.CaptureExceedsHold, match=r"USD 30\.01 .* USD 30\.00"):
        holds.capture(
            hold_id=placed.id, reference="order:7", at=AT, amount=money(funded, "30.01")
        )

    assert balances(funded) == (70, 30)


def test_a_renewal_is_captured_as_one(funded):
    placed = hold(funded, "30")

    renewed = holds.capture(
        hold_id=placed.id, reference="order:8", at=AT, kind=Kind.RENEWAL
    )

    assert Transaction.objects.get(pk=renewed.id).kind == Kind.RENEWAL


RESOLUTIONS = {
    "release": lambda hold_id: holds.release(hold_id=hold_id, at=AT),
    "expire": lambda hold_id: holds.expire(hold_id=hold_id, at=AT),
    "capture": lambda hold_id: holds.capture(hold_id=hold_id, reference="order:7", at=AT),
    "capture less": lambda hold_id: holds.capture(
        hold_id=hold_id, reference="order:7", at=AT, amount=Money(Decimal(1), "USD")
    ),
}


@pytest.mark.parametrize("first", RESOLUTIONS)
@pytest.mark.parametrize("second", RESOLUTIONS)
def test_a_hold_is_resolved_in_one_way_only(funded, first, second):
    placed = hold(funded, "30")
    RESOLUTIONS[first](placed.id)
    before = balances(funded)
    count = Transaction.objects.count()

    if first == second:
        assert RESOLUTIONS[second](placed.id).replay
    else:
        with pytest.raises(holds.HoldAlreadyResolved):
            RESOLUTIONS[second](placed.id)

    assert balances(funded) == before
    assert Transaction.objects.count() == count


def test_only_a_hold_can_be_resolved(funded):
    recharge = Transaction.objects.get()

    with pytest.raises(Transaction.DoesNotExist):
        holds.release(hold_id=recharge.pk, at=AT)


def test_a_hold_in_another_currency_is_refused(funded):
    with pytest.raises(IntegrityError, match="source refused"), transaction.atomic():
        holds.place(
            fund_account_id=funded.pk,
            amount=Money(Decimal(1), "EUR"),
            reference="order:1",
            key="order:1:hold",
            at=AT,
        )

    assert balances(funded) == (100, 0)
