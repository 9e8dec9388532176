"""PAY-13, TRX-05: paid money arrives once, unplaced money waits, mistakes are undone."""

import pytest

from accounts.models import AuditEntry
from funds import queries
from funds.actions import ledger, recharges_in, reversals
from funds.models import FundAccount, Pot, Transaction
from funds.types import Kind, PotKind
from tests.factories.funds import AT, hold, money, open_account, purchase, put_in

pytestmark = pytest.mark.django_db


def in_system_pot(kind, currency="USD"):
    """A system pot's balance is the sum of what went in and out of it."""
    pot = Pot.objects.get(kind=kind, currency=currency)
    came = Transaction.objects.filter(target=pot).values_list("amount", flat=True)
    went = Transaction.objects.filter(source=pot).values_list("amount", flat=True)
    return sum(came) - sum(went)


def available(account):
    return queries.balance_of(account.pk).available.amount


def test_a_credit_comes_from_clearing(acme_account):
    posted = put_in(acme_account, "25", number=81)

    row = Transaction.objects.get(pk=posted.id)
    assert (row.kind, row.reference, row.key, row.occurred_at) == (
        Kind.RECHARGE,
        "recharge:81",
        "recharge:81:credit",
        AT,
    )
    assert in_system_pot(PotKind.GATEWAY_CLEARING) == -25
    assert available(acme_account) == 25


def test_fifty_notices_credit_once(acme_account):
    posted = [put_in(acme_account, "25", number=81) for _ in range(50)]

    assert len({p.id for p in posted}) == 1
    assert [p.replay for p in posted] == [False] + [True] * 49
    assert available(acme_account) == 25


def test_an_account_of_another_kind_takes_money_too(acme):
    account = open_account(acme, kind=FundAccount.Kind.POSTPAID)

    put_in(account, "5")

    assert available(account) == 5


def test_money_of_nobody_waits_in_suspense_and_is_placed_once(acme_account):
    amount = money(acme_account, "40")
    for _ in range(2):
        recharges_in.suspend(
            amount=amount, reference="recharge:9", key="recharge:9:suspend", at=AT
        )
    assert in_system_pot(PotKind.SUSPENSE) == 40
    assert available(acme_account) == 0

    for _ in range(2):
        recharges_in.credit_suspended(
            fund_account_id=acme_account.pk,
            amount=amount,
            reference="recharge:9",
            key="recharge:9:place",
            at=AT,
        )
    assert in_system_pot(PotKind.SUSPENSE) == 0
    assert in_system_pot(PotKind.GATEWAY_CLEARING) == -40
    assert available(acme_account) == 40


def test_a_reversal_undoes_a_purchase_once_and_names_who(acme_account, sam):
    put_in(acme_account, "10")
    bought = ledger.post(purchase(acme_account, "4"))
    undo = {"actor": sam, "transaction_id": bought.id, "reason": "Wrong order", "at": AT}

    first, again = reversals.reverse(**undo), reversals.reverse(**undo)

    assert (first.replay, again.replay, again.id) == (False, True, first.id)
    assert available(acme_account) == 10
    entry = AuditEntry.objects.get(verb="transaction.reversed")
    assert (entry.actor, entry.reason, entry.subject) == (
        sam,
        "Wrong order",
        f"transaction:{bought.id}",
    )


def test_a_recharge_that_was_spent_cannot_be_taken_back(acme_account, sam):
    recharge = put_in(acme_account, "10")
    ledger.post(purchase(acme_account, "4"))

    with pytest.raises(ledger.InsufficientFunds) as refusal:
        reversals.reverse(actor=sam, transaction_id=recharge.id, reason="Fraud", at=AT)

    assert refusal.value.missing == money(acme_account, "4")
    assert available(acme_account) == 6
    assert AuditEntry.objects.filter(verb="transaction.reversed").count() == 0


def test_holds_and_reversals_are_not_reversed(acme_account, sam):
    put_in(acme_account, "10")
    held = hold(acme_account, "1")
    bought = ledger.post(purchase(acme_account, "4"))
    undone = reversals.reverse(actor=sam, transaction_id=bought.id, reason="", at=AT)

    for posted in (held, undone):
        with pytest.raises(reversals.NotReversible, match=posted.number):
            reversals.reverse(actor=sam, transaction_id=posted.id, reason="", at=AT)

    assert available(acme_account) == 9
