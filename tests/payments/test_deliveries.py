"""Many payments, each delivered many times, shuffled and forged: one credit each (G3).

Carries PAY-10.
"""

import random
from typing import Any

import pytest

from accounts.models import Tenant, User
from cmp.lib import books
from cmp.lib.money import Money
from funds import queries as funds
from payments.checks import BOOK_CHECKS
from payments.models import GatewayMessage, PaymentChannel, Recharge, UnplacedPayment
from tests.factories import payments as make
from tests.factories.payments import answer, declined, deliver
from tests.payments import gateway_fake

SEED = 20_261_122


@pytest.mark.django_db
def test_50_recharges_delivered_1_000_times_give_50_credits(
    alice: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    _deliver_all(alice, acme_account, channel, payments=50, copies=20)


@pytest.mark.deep
@pytest.mark.django_db
def test_1_000_recharges_delivered_50_000_times_give_1_000_credits(
    alice: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    _deliver_all(alice, acme_account, channel, payments=1_000, copies=50)


def _deliver_all(
    alice: User, account: Any, channel: PaymentChannel, *, payments: int, copies: int
) -> None:
    rnd = random.Random(SEED)
    waiting = [
        make.start_recharge(
            alice, account, channel, f"{rnd.randint(100, 99_999) / 100:.2f}"
        )
        for _ in range(payments)
    ]
    deliveries = [
        fields
        for recharge in waiting
        for fields in _deliveries(recharge, waiting, rnd, copies)
    ]
    rnd.shuffle(deliveries)

    for fields in deliveries:
        deliver(channel, fields)

    total = sum((recharge.money for recharge in waiting), Money.zero("USD"))
    assert len(deliveries) == payments * copies
    assert Recharge.objects.filter(state=Recharge.State.PAID).count() == payments
    assert funds.balance_of(account.pk).available == total
    assert UnplacedPayment.objects.count() == 0
    credited = GatewayMessage.objects.filter(judged_verdict=GatewayMessage.Verdict.CREDITED)
    assert credited.count() == payments
    assert [o for o in books.run(BOOK_CHECKS) if not o.ok] == []


def _deliveries(
    recharge: Recharge, all_waiting: list[Recharge], rnd: random.Random, copies: int
) -> list[dict[str, str]]:
    """At least one true success among declines, forgeries and messages for others."""
    kinds = [
        _true,
        *rnd.choices([_true, _declined, _tampered, _swapped, _foreign], k=copies - 1),
    ]
    return [kind(recharge, rnd.choice(all_waiting), rnd) for kind in kinds]


def _true(recharge: Recharge, _other: Recharge, _rnd: random.Random) -> dict[str, str]:
    return answer(recharge)


def _declined(recharge: Recharge, _other: Recharge, rnd: random.Random) -> dict[str, str]:
    return declined(recharge, rnd.choice(["13666", "00072", "13012"]))


def _tampered(recharge: Recharge, _other: Recharge, rnd: random.Random) -> dict[str, str]:
    fields = answer(recharge)
    name = rnd.choice(["amount", "currency", "merchant_reference", "fort_id", "signature"])
    value = list(fields[name])
    place = rnd.randrange(len(value))
    value[place] = "1" if value[place] != "1" else "2"
    return {**fields, name: "".join(value)}


def _swapped(recharge: Recharge, other: Recharge, _rnd: random.Random) -> dict[str, str]:
    """A true message of one recharge with the reference of another."""
    if other.pk == recharge.pk:
        return declined(recharge)
    return {**answer(recharge), "merchant_reference": other.merchant_reference}


def _foreign(recharge: Recharge, _other: Recharge, rnd: random.Random) -> dict[str, str]:
    """Signed with our own request phrase, or addressed to another merchant."""
    if rnd.random() < 0.5:
        return answer(recharge, phrase=gateway_fake.REQUEST_PHRASE)
    return answer(recharge, merchant_identifier="SOMEBODYELSE")
