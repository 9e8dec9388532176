"""FND-07, FND-08: one function moves money; worked examples to the last digit."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Tenant
from cmp.lib import books
from cmp.lib.money import Money
from funds import queries
from funds.actions import ledger
from funds.checks import BOOK_CHECKS
from funds.models import FundAccount, Transaction
from funds.types import Kind, Movement, PotKind
from tests.factories.funds import AT, hold, money, open_account, purchase, put_in

pytestmark = pytest.mark.django_db


def balances(account: FundAccount) -> tuple[str, str]:
    balance = queries.balance_of(account.pk)
    return str(balance.available), str(balance.held)


def test_a_new_account_is_empty(acme_account):
    assert balances(acme_account) == ("USD 0.00", "USD 0.00")
    assert Transaction.objects.count() == 0


def test_recharge_hold_and_purchase_leave_exact_balances(acme_account):
    first = put_in(acme_account, "100.00")
    held = hold(acme_account, "30.00")
    bought = ledger.post(purchase(acme_account, "20.50"))
    used = ledger.post(purchase(acme_account, "0.000001", kind=Kind.USAGE))

    assert [p.balance_after.amount for p in (first, held, bought, used)] == [
        Decimal("100"),
        Decimal("70"),
        Decimal("49.5"),
        Decimal("49.499999"),
    ]
    assert balances(acme_account) == ("USD 49.499999", "USD 30.00")
    assert queries.balance_of(acme_account.pk).balance == Money(Decimal("79.499999"), "USD")


def test_each_row_states_the_next_version_and_the_balance_after(acme_account):
    put_in(acme_account, "10")
    hold(acme_account, "4")

    rows = Transaction.objects.order_by("id").values_list(
        "source_version", "source_balance_after", "target_version", "target_balance_after"
    )
    assert list(rows) == [
        (None, None, 1, Decimal("10.000000")),
        (2, Decimal("6.000000"), 1, Decimal("4.000000")),
    ]


def test_the_same_key_moves_money_once(acme_account):
    first = put_in(acme_account, "25", number=81)
    again = put_in(acme_account, "25", number=81)

    assert (first.replay, again.replay) == (False, True)
    assert (again.id, again.balance_after) == (first.id, first.balance_after)
    assert balances(acme_account) == ("USD 25.00", "USD 0.00")


def test_a_replay_says_the_balance_of_then(acme_account):
    first = put_in(acme_account, "25", number=81)
    put_in(acme_account, "1")

    again = put_in(acme_account, "25", number=81)

    assert again.balance_after == first.balance_after == money(acme_account, "25")


@pytest.mark.parametrize(
    "other",
    [
        {"amount": Money(Decimal("25.000001"), "USD")},
        {"reference": "order:2"},
        {"kind": Kind.RENEWAL},
    ],
)
def test_the_same_key_for_another_movement_is_refused(acme_account, other):
    put_in(acme_account, "100")
    movement = purchase(acme_account, "25", order=1)
    ledger.post(movement)

    with pytest.raises(ledger.KeyReused):
        ledger.post(replace(movement, **other))

    assert balances(acme_account) == ("USD 75.00", "USD 0.00")
    assert Transaction.objects.count() == 2


def test_refuses_one_cent_too_much_and_says_what_is_missing(acme_account):
    put_in(acme_account, "10.00")

    with pytest.raises(ledger.InsufficientFunds) as refusal:
        ledger.post(purchase(acme_account, "10.01"))

    assert refusal.value.missing == Money(Decimal("0.01"), "USD")
    assert str(refusal.value) == (
        "The fund account has too little money: USD 0.01 is missing."
    )
    assert balances(acme_account) == ("USD 10.00", "USD 0.00")
    assert Transaction.objects.count() == 1


def test_takes_the_last_cent(acme_account):
    put_in(acme_account, "10.00")

    ledger.post(purchase(acme_account, "10.00"))

    assert balances(acme_account) == ("USD 0.00", "USD 0.00")


@pytest.mark.parametrize(
    ("currency", "price", "missing"),
    [
        ("USD", "0.000001", "0.01"),
        ("USD", "1.001", "1.01"),
        ("JPY", "0.5", "1"),
        ("KWD", "0.0001", "0.001"),
    ],
)
def test_what_is_missing_is_payable(acme, currency, price, missing):
    acme.currency = currency
    acme.save()
    account = open_account(acme)

    with pytest.raises(ledger.InsufficientFunds) as refusal:
        ledger.post(purchase(account, price))

    assert refusal.value.missing == Money(Decimal(missing), currency)


def test_after_a_refusal_the_transaction_goes_on(acme_account):
    with transaction.atomic():
        with pytest.raises(ledger.InsufficientFunds):
            ledger.post(purchase(acme_account, "1"))
        put_in(acme_account, "5")

    assert balances(acme_account) == ("USD 5.00", "USD 0.00")


def test_usage_may_overdraw_and_coming_in_is_never_refused(acme_account):
    ledger.post(purchase(acme_account, "7.25", kind=Kind.USAGE))
    assert balances(acme_account) == ("USD -7.25", "USD 0.00")

    put_in(acme_account, "2")
    assert balances(acme_account) == ("USD -5.25", "USD 0.00")


def test_a_credit_limit_is_how_far_purchases_go(acme):
    account = open_account(acme, kind=FundAccount.Kind.FLEXIBLE, credit_limit="50")

    ledger.post(purchase(account, "50"))
    with pytest.raises(ledger.InsufficientFunds) as refusal:
        ledger.post(purchase(account, "0.01"))

    assert refusal.value.missing == Money(Decimal("0.01"), "USD")
    assert balances(account) == ("USD -50.00", "USD 0.00")


def test_many_are_posted_in_the_order_given(acme_account):
    put_in(acme_account, "10")
    buy, refund = purchase(acme_account, "10", order=1), put_in_movement(acme_account, "5")

    results = ledger.post_many([buy, refund, purchase(acme_account, "5", order=2)])

    assert [r.balance_after.amount for r in results] == [0, 5, 0]
    assert [r.number for r in results] == [f"T-{r.id}" for r in results]


def test_many_are_all_or_nothing(acme_account):
    put_in(acme_account, "10")

    with pytest.raises(ledger.InsufficientFunds) as refusal:
        ledger.post_many([purchase(acme_account, "6"), purchase(acme_account, "6")])

    assert refusal.value.missing == Money(Decimal(2), "USD")
    assert Transaction.objects.count() == 1
    assert balances(acme_account) == ("USD 10.00", "USD 0.00")


def test_many_replay_what_stands_and_post_the_rest(acme_account):
    put_in(acme_account, "10")
    first, second = purchase(acme_account, "1"), purchase(acme_account, "2")
    ledger.post(first)

    results = ledger.post_many([first, second])

    assert [r.replay for r in results] == [True, False]
    assert balances(acme_account) == ("USD 7.00", "USD 0.00")


def test_none_is_many(acme_account):
    assert ledger.post_many([]) == []


def test_a_key_twice_in_one_call_is_refused(acme_account):
    put_in(acme_account, "10")
    twice = purchase(acme_account, "1")

    with pytest.raises(ledger.KeyReused), transaction.atomic():
        ledger.post_many([twice, twice])

    assert balances(acme_account) == ("USD 10.00", "USD 0.00")


def test_between_tenants_nothing_moves(acme_account, globex):
    other = open_account(globex)
    put_in(acme_account, "10")
    theft = replace(
        purchase(acme_account, "10"), target_id=queries.available_pot_id(other.pk)
    )

    with pytest.raises(IntegrityError, match="target refused"), transaction.atomic():
        ledger.post(theft)

    assert balances(acme_account) == ("USD 10.00", "USD 0.00")
    assert balances(other) == ("USD 0.00", "USD 0.00")


def test_a_transaction_touches_one_fund_account_only(acme, acme_account):
    other = open_account(acme)
    put_in(acme_account, "10")
    transfer = replace(
        purchase(acme_account, "10"), target_id=queries.available_pot_id(other.pk)
    )

    with (
        pytest.raises(IntegrityError, match="not between these pots"),
        transaction.atomic(),
    ):
        ledger.post(transfer)

    assert balances(acme_account) == ("USD 10.00", "USD 0.00")


def test_money_moves_only_inside_a_transaction_of_its_cause():
    assert connection.in_atomic_block  # of the test itself

    with pytest.raises(AssertionError, match="six decimals"):
        ledger.post(
            Movement(
                source_id=1,
                target_id=2,
                amount=Money(Decimal("0.0000001"), "USD"),
                kind=Kind.PURCHASE,
                tenant_id=1,
                reference="order:1",
                key="order:1:purchase",
                at=AT,
            )
        )


def test_a_system_pot_exists_once_per_kind_and_currency(acme: Tenant):
    usd = ledger.system_pot_id(PotKind.TAX, "USD")

    assert ledger.system_pot_id(PotKind.TAX, "USD") == usd
    assert len({usd, ledger.system_pot_id(PotKind.TAX, "EUR")}) == 2


def test_the_books_are_in_order_after_a_day_of_everything(acme_account):
    put_in(acme_account, "100")
    hold(acme_account, "10")
    ledger.post(purchase(acme_account, "1"))

    assert {o.name: o.breaches for o in books.run(BOOK_CHECKS) if not o.ok} == {}


def put_in_movement(account: FundAccount, amount: str) -> Movement:
    out = purchase(account, amount)
    return replace(
        out,
        source_id=ledger.system_pot_id(PotKind.GATEWAY_CLEARING, account.currency),
        target_id=out.source_id,
        kind=Kind.RECHARGE,
    )
