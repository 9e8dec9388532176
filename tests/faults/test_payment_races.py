"""F09, F12, F21, F22: one payment, however often, late or at once it is reported.

PAY-10: browser return and notice in any order and repetition credit exactly once. PAY-09:
a wallet that cannot be reached in time is credited by the sweep. FND-07: with its books.
"""

from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import Tenant, User
from cmp.celery import app as celery
from funds import queries
from funds.actions import recharges_in
from funds.models import FundAccount, Transaction
from payments.actions import status_checks
from payments.models import GatewayMessage, PaymentChannel, Recharge
from tests.databases import Database
from tests.factories import payments as make
from tests.faults.books import breaches
from tests.faults.rivals import Part, in_threads, race

Verdict = GatewayMessage.Verdict


@pytest.fixture
def channel(committed_db: Database, acme: Tenant, tina: User) -> PaymentChannel:
    return make.make_channel(tina, acme)


@pytest.fixture
def recharge(alice: User, acme_account: FundAccount, channel: PaymentChannel) -> Recharge:
    """Alice's recharge of USD 20.00, waiting for payment."""
    return make.start_recharge(alice, acme_account, channel)


def reporting(recharge: Recharge, way: str, **changes: str) -> Part:
    """A POST of the gateway's success by `notice` or `return`; the word is the status."""
    path = f"/pay/{recharge.channel_id}/{way}"
    body = make.as_form(make.answer(recharge, **changes))

    def post() -> int:
        return Client().post(path, body, content_type=make.FORM).status_code

    return post


def available(account: FundAccount) -> str:
    return str(queries.balance_of(account.pk).available)


def test_f21_the_same_notice_fifty_times_at_once_credits_once(
    recharge: Recharge, acme_account: FundAccount, request: pytest.FixtureRequest
) -> None:
    copies = 50 if request.config.getoption("--deep") else 24

    ended = race([reporting(recharge, "notice")] * copies)

    verdicts = list(GatewayMessage.objects.values_list("judged_verdict", flat=True))
    assert ended == {"200": copies}
    assert (verdicts.count(Verdict.CREDITED), verdicts.count(Verdict.REPLAY)) == (
        1,
        copies - 1,
    )
    assert Transaction.objects.count() == 1
    assert available(acme_account) == "USD 20.00"
    assert breaches() == []


def test_f21_teeth_asking_first_whether_it_is_paid_credits_twice(
    recharge: Recharge, acme_account: FundAccount
) -> None:
    """The arena is real: check-then-act with keys made at the call doubles the money."""
    both_have_asked = Barrier(2)

    def part() -> str:
        is_paid = Recharge.objects.get(pk=recharge.pk).is_paid
        both_have_asked.wait()
        with transaction.atomic():
            assert not is_paid
            recharges_in.credit(
                fund_account_id=acme_account.pk,
                amount=recharge.money,
                reference=f"recharge:{recharge.pk}",
                key=f"recharge:{uuid4()}",
                at=make.NOON,
            )
        connection.close()
        return "credited"

    assert in_threads([part, part]) == ["credited", "credited"]
    assert available(acme_account) == "USD 40.00"


def test_f22_return_and_notice_at_one_instant_credit_once(
    alice: User,
    acme_account: FundAccount,
    channel: PaymentChannel,
    request: pytest.FixtureRequest,
) -> None:
    rounds = 40 if request.config.getoption("--deep") else 5
    for number in range(1, rounds + 1):
        recharge = make.start_recharge(alice, acme_account, channel)

        ended = race([reporting(recharge, "notice"), reporting(recharge, "return")])

        assert ended == {"200": 1, "303": 1}
        recharge.refresh_from_db()
        assert recharge.state == Recharge.State.PAID
        assert Transaction.objects.count() == number
    assert available(acme_account) == f"USD {20 * rounds}.00"
    assert breaches() == []


def test_f12_a_wallet_locked_by_somebody_is_credited_by_the_sweep(
    recharge: Recharge, acme_account: FundAccount, committed_db: Database
) -> None:
    other = committed_db.connect("owner")
    other.execute(
        "SELECT FROM funds_potbalance WHERE pot_id = %s FOR UPDATE",
        [queries.available_pot_id(acme_account.pk)],
    )
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")

    answered = reporting(recharge, "notice")()

    message = GatewayMessage.objects.get()
    recharge.refresh_from_db()
    assert (answered, message.judged_at, recharge.state) == (200, None, "REDIRECTED")
    assert Transaction.objects.count() == 0
    other.rollback()
    status_checks.sweep(at=message.received_at + timedelta(minutes=1))
    recharge.refresh_from_db()
    assert (recharge.state, available(acme_account)) == ("PAID", "USD 20.00")
    assert breaches() == []


def test_f09_without_a_broker_a_notice_credits_all_the_same(
    recharge: Recharge, acme_account: FundAccount
) -> None:
    def notice() -> object:
        celery.conf.broker_url = "redis://127.0.0.1:1/0"
        return reporting(recharge, "notice")()

    assert race([notice]) == {"200": 1}
    assert available(acme_account) == "USD 20.00"
