"""One credit for one payment, whatever arrives, however often (PAY-09…11, F21–F30)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.models import Tenant, User
from cmp.lib import books
from cmp.lib.money import Money
from funds import queries as funds
from payments.actions import inbox
from payments.checks import BOOK_CHECKS
from payments.models import GatewayMessage, PaymentChannel, Recharge, UnplacedPayment
from tests.factories import payments as make
from tests.factories.payments import NOON, answer, declined, deliver
from tests.payments import gateway_fake

pytestmark = pytest.mark.django_db
USD_20 = Money(Decimal("20.00"), "USD")
Verdict = GatewayMessage.Verdict


def balance_of(account: Any) -> Money:
    return funds.balance_of(account.pk).available


def table_hashes() -> dict[str, str]:
    """A hash of every row of every table that money or settings live in, but the inbox."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace ="
            " 'public'::regnamespace AND relname <> 'payments_gatewaymessage'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        hashes = {}
        for table in tables:
            cursor.execute(
                f"SELECT coalesce(md5(string_agg(md5(t::text), '' ORDER BY t::text)), '')"
                f' FROM "{table}" t'
            )
            hashes[table] = cursor.fetchone()[0]
    return hashes


def assert_books_hold() -> None:
    broken = [o for o in books.run(BOOK_CHECKS) if not o.ok]
    assert broken == []


def test_a_signed_success_credits_the_account_once(
    recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    message = deliver(channel, answer(recharge))

    recharge.refresh_from_db()
    assert message.judged_verdict == Verdict.CREDITED
    assert message.judged_recharge == recharge
    assert recharge.state == Recharge.State.PAID
    assert recharge.settled_at == NOON
    assert recharge.next_check_at is None
    assert recharge.gateway_reference == answer(recharge)["fort_id"]
    assert balance_of(acme_account) == USD_20
    transaction = funds.transaction_by_number(str(recharge.transaction_number))
    assert transaction.money == USD_20
    assert transaction.reference == f"recharge:{recharge.pk}"
    assert_books_hold()


def test_the_same_success_again_changes_nothing(
    recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    deliver(channel, answer(recharge))
    before = table_hashes()

    for hours in range(5):
        message = deliver(channel, answer(recharge), at=NOON + timedelta(hours=hours))
        assert message.judged_verdict == Verdict.REPLAY

    assert table_hashes() == before
    assert balance_of(acme_account) == USD_20


def test_judging_a_message_twice_changes_nothing(
    recharge: Recharge, channel: PaymentChannel
) -> None:
    message = deliver(channel, answer(recharge))
    before = table_hashes()

    again = inbox.judge(message_id=message.pk, at=NOON + timedelta(days=1))

    assert again.judged_at == NOON
    assert table_hashes() == before


def test_a_success_before_our_redirect_is_known_still_credits(
    alice: User, acme_account: Any, channel: PaymentChannel
) -> None:
    recharge = make.start_recharge(alice, acme_account, channel, is_sent=False)

    deliver(channel, answer(recharge))

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.PAID
    assert recharge.redirected_at == NOON
    assert balance_of(acme_account) == USD_20


TAMPERED: list[dict[str, Any]] = [
    {"amount": "200000"},
    {"amount": "1"},
    {"currency": "KWD"},
    {"merchant_reference": "CMP261122-0000000000000000"},
    {"fort_id": "1"},
    {"status": "13", "response_code": "13666"},
    {"signature": "0" * 64},
    {"signature": ""},
    {"extra": "1"},
    {"command": "AUTHORIZATION"},
    {"access_code": "ANOTHER"},
]


@pytest.mark.parametrize("change", TAMPERED, ids="-".join)
def test_a_tampered_message_changes_nothing_but_the_inbox(
    change: dict[str, str], recharge: Recharge, channel: PaymentChannel
) -> None:
    before = table_hashes()

    message = deliver(channel, {**answer(recharge), **change})

    assert message.judged_verdict in {Verdict.BAD_SIGNATURE, Verdict.UNREADABLE}
    assert message.judged_recharge is None
    assert table_hashes() == before


@pytest.mark.parametrize("field", sorted(TAMPERED[0] | {"status": "", "signature": ""}))
def test_a_message_without_a_field_changes_nothing(
    field: str, recharge: Recharge, channel: PaymentChannel
) -> None:
    before = table_hashes()
    fields = answer(recharge)
    del fields[field]

    deliver(channel, fields)

    assert table_hashes() == before


def test_our_own_request_posted_back_changes_nothing(
    recharge: Recharge, channel: PaymentChannel
) -> None:
    before = table_hashes()

    message = deliver(channel, answer(recharge, phrase=gateway_fake.REQUEST_PHRASE))

    assert message.judged_verdict == Verdict.BAD_SIGNATURE
    assert table_hashes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"command": "AUTHORIZATION"},
        {"command": "CAPTURE"},
        {"command": "REFUND"},
        {"command": "VOID_AUTHORIZATION"},
        {"command": None},
        {"query_command": "CHECK_STATUS"},
        {"status": "02", "response_code": "02000"},
        {"status": "04", "response_code": "04000"},
        {"status": "06", "response_code": "06000"},
        {"status": "14", "response_code": "14777"},
        {"status": "15", "response_code": "15777"},
        {"status": "20", "response_code": "20064"},
        {"status": "19", "response_code": "19000"},
        {"status": "00", "response_code": "00006"},
        {"status": "00", "response_code": "00007"},
        {"status": None, "response_code": None},
    ],
    ids=str,
)
def test_other_signed_messages_change_nothing_but_the_inbox(
    change: dict[str, str | None], recharge: Recharge, channel: PaymentChannel
) -> None:
    before = table_hashes()

    message = deliver(channel, answer(recharge, **change))

    assert message.judged_verdict == Verdict.NOTED
    assert message.judged_recharge == recharge
    assert table_hashes() == before


@pytest.mark.parametrize("field", ["access_code", "merchant_identifier"])
def test_a_message_signed_for_another_merchant_changes_nothing(
    field: str, recharge: Recharge, channel: PaymentChannel
) -> None:
    before = table_hashes()

    message = deliver(channel, answer(recharge, **{field: "SOMEBODYELSE"}))

    assert message.judged_verdict == Verdict.FOREIGN
    assert table_hashes() == before


def test_another_channel_cannot_credit_a_recharge(
    recharge: Recharge, globex: Tenant, acme_account: Any, sam: User
) -> None:
    """Whoever knows the phrase of one channel must not reach another's recharges."""
    theirs = make.make_channel(sam, globex, name="Theirs")

    message = deliver(theirs, answer(recharge))

    recharge.refresh_from_db()
    unplaced = UnplacedPayment.objects.get()
    assert message.judged_verdict == Verdict.REVIEW
    assert message.judged_recharge is None
    assert unplaced.reason == UnplacedPayment.Reason.OTHER_CHANNEL
    assert recharge.state == Recharge.State.REDIRECTED
    assert balance_of(acme_account).is_zero
    assert_books_hold()


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("13666", Recharge.State.FAILED),
        ("00008", Recharge.State.FAILED),
        ("00072", Recharge.State.CANCELLED),
        ("01072", Recharge.State.CANCELLED),
    ],
)
def test_a_signed_failure_ends_the_attempt(
    code: str, state: str, recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    deliver(channel, declined(recharge, code))

    recharge.refresh_from_db()
    assert recharge.state == state
    assert recharge.gateway_code == code
    assert recharge.settled_at == NOON
    assert recharge.next_check_at is not None  # another card may be tried
    assert balance_of(acme_account).is_zero


@pytest.mark.parametrize("code", ["13666", "00072"])
def test_a_success_after_a_failure_credits(
    code: str, recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    """PAY-24: from failed to paid."""
    deliver(channel, declined(recharge, code))

    deliver(channel, answer(recharge), at=NOON + timedelta(minutes=1))

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.PAID
    assert recharge.settled_at == NOON + timedelta(minutes=1)
    assert balance_of(acme_account) == USD_20
    assert_books_hold()


@pytest.mark.parametrize("code", ["13666", "00072", "00008"])
def test_a_failure_after_a_success_changes_nothing(
    code: str, recharge: Recharge, channel: PaymentChannel
) -> None:
    """PAY-24: never from paid to failed."""
    deliver(channel, answer(recharge))
    before = table_hashes()

    message = deliver(channel, declined(recharge, code))

    assert message.judged_verdict == Verdict.NOTED
    assert table_hashes() == before


def test_a_second_failure_changes_nothing(
    recharge: Recharge, channel: PaymentChannel
) -> None:
    deliver(channel, declined(recharge))
    before = table_hashes()

    deliver(channel, declined(recharge, "00072"))

    assert table_hashes() == before


def test_a_failure_for_another_amount_changes_nothing(
    recharge: Recharge, channel: PaymentChannel
) -> None:
    before = table_hashes()

    deliver(channel, declined(recharge, amount="1"))

    assert table_hashes() == before


# ---------------------------------------------------------------- review


@pytest.mark.parametrize(
    ("change", "held"),
    [
        ({"amount": "1999"}, Money(Decimal("19.99"), "USD")),
        ({"amount": "9999999999"}, Money(Decimal("99999999.99"), "USD")),
        ({"currency": "EUR"}, Money(Decimal("20.00"), "EUR")),
    ],
)
def test_another_amount_goes_to_suspense_and_review(
    change: dict[str, str],
    held: Money,
    recharge: Recharge,
    channel: PaymentChannel,
    acme_account: Any,
) -> None:
    message = deliver(channel, answer(recharge, **change))

    recharge.refresh_from_db()
    unplaced = UnplacedPayment.objects.get()
    assert message.judged_verdict == Verdict.REVIEW
    assert recharge.state == Recharge.State.REVIEW
    assert unplaced.money == held
    assert unplaced.recharge == recharge
    assert unplaced.reason == UnplacedPayment.Reason.OTHER_AMOUNT
    assert funds.transaction_by_number(unplaced.transaction_number).money == held
    assert balance_of(acme_account).is_zero
    assert_books_hold()


def test_a_suspended_payment_is_suspended_once(
    recharge: Recharge, channel: PaymentChannel
) -> None:
    deliver(channel, answer(recharge, amount="1999"))
    before = table_hashes()

    again = deliver(channel, answer(recharge, amount="1999"))

    assert again.judged_verdict == Verdict.REPLAY
    assert table_hashes() == before


def test_a_suspended_payment_is_not_credited_as_well(
    recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    deliver(channel, answer(recharge, amount="1999"))
    before = table_hashes()

    deliver(channel, answer(recharge))  # the same number, now with the right amount

    assert table_hashes() == before
    assert balance_of(acme_account).is_zero


def test_an_unknown_reference_goes_to_suspense(
    recharge: Recharge, channel: PaymentChannel
) -> None:
    message = deliver(channel, answer(recharge, merchant_reference="SOMETHING-ELSE"))

    recharge.refresh_from_db()
    unplaced = UnplacedPayment.objects.get()
    assert message.judged_verdict == Verdict.REVIEW
    assert unplaced.reason == UnplacedPayment.Reason.UNKNOWN_REFERENCE
    assert unplaced.money == USD_20
    assert recharge.state == Recharge.State.REDIRECTED
    assert_books_hold()


def test_a_second_payment_of_one_recharge_goes_to_suspense(
    recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    deliver(channel, answer(recharge))

    deliver(channel, answer(recharge, fort_id="42"))

    recharge.refresh_from_db()
    unplaced = UnplacedPayment.objects.get()
    assert recharge.state == Recharge.State.PAID
    assert unplaced.reason == UnplacedPayment.Reason.PAID_TWICE
    assert balance_of(acme_account) == USD_20
    assert_books_hold()


def test_a_number_that_paid_another_recharge_pays_nothing(
    alice: User, recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    deliver(channel, answer(recharge))
    other = make.start_recharge(alice, acme_account, channel)

    message = deliver(channel, answer(other, fort_id=answer(recharge)["fort_id"]))

    other.refresh_from_db()
    assert message.judged_verdict == Verdict.REVIEW
    assert other.state == Recharge.State.REVIEW
    assert UnplacedPayment.objects.count() == 0
    assert balance_of(acme_account) == USD_20
    assert_books_hold()


@pytest.mark.parametrize(
    "change", [{"fort_id": None}, {"fort_id": ""}, {"amount": None}, {"amount": "0"}]
)
def test_a_success_without_number_or_amount_is_reviewed(
    change: dict[str, str | None],
    recharge: Recharge,
    channel: PaymentChannel,
    acme_account: Any,
) -> None:
    message = deliver(channel, answer(recharge, **change))

    recharge.refresh_from_db()
    assert message.judged_verdict == Verdict.REVIEW
    assert recharge.state == Recharge.State.REVIEW
    assert balance_of(acme_account).is_zero


def test_what_was_reviewed_can_still_be_paid(
    recharge: Recharge, channel: PaymentChannel, acme_account: Any
) -> None:
    deliver(channel, answer(recharge, fort_id=None))

    deliver(channel, answer(recharge))

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.PAID
    assert balance_of(acme_account) == USD_20


def test_a_message_too_long_is_not_stored(channel: PaymentChannel) -> None:
    with pytest.raises(inbox.MessageTooLong):
        inbox.store(
            channel_id=channel.pk,
            origin=GatewayMessage.Origin.NOTICE,
            content_type="",
            body=b"x" * (256 * 1024 + 1),
            at=NOON,
        )

    assert GatewayMessage.objects.count() == 0


def test_a_payment_for_a_deleted_channel_is_not_lost(
    recharge: Recharge, channel: PaymentChannel, tina: User, acme_account: Any
) -> None:
    """Deleting waits for open recharges; a declined one may still be paid later."""
    from payments.actions import channels

    deliver(channel, declined(recharge))
    channels.delete(actor=tina, channel_id=channel.pk, at=NOON)

    deliver(channel, answer(recharge), at=NOON + timedelta(days=3))

    assert balance_of(acme_account) == USD_20
