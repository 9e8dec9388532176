"""Starting a recharge: who, how much, and once per form (PAY-04…06, PAY-13, F46, F51)."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Tenant, User
from cmp.lib.money import Money
from features.actions import settings as features
from funds.actions import fund_accounts
from payments.actions import channels, recharges
from payments.actions.recharges import (
    AlreadyDecided,
    FormUsedBefore,
    NoSuchAccount,
    NoSuchChannel,
    OutsideLimits,
    Wish,
)
from payments.gateways.base import NotPayable
from payments.gateways.payfort import signature
from payments.models import PaymentChannel, Recharge
from payments.signals import recharge_credited
from tests.factories import payments as make
from tests.factories.payments import NOON, answer, declined, deliver
from tests.payments import gateway_fake

pytestmark = pytest.mark.django_db


def _wish(account: Any, channel: PaymentChannel, **changes: Any) -> Wish:
    values: dict[str, Any] = {
        "account_id": account.pk,
        "channel_id": channel.pk,
        "amount": Money(Decimal("20.00"), "USD"),
        "form_key": uuid.uuid4(),
    }
    return Wish(**{**values, **changes})


def _start(payer: User, tenant: Tenant, wish: Wish) -> Recharge:
    return recharges.start(payer=payer, tenant=tenant, wish=wish, language="en", at=NOON)


def test_the_owner_starts_a_recharge(
    alice: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    recharge = _start(alice, acme, _wish(acme_account, channel, purpose="For OR-12"))

    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.CREATED
    assert recharge.money == Money(Decimal("20.00"), "USD")
    assert (recharge.payer, recharge.channel, recharge.tenant) == (alice, channel, acme)
    assert recharge.fund_account == acme_account
    assert recharge.merchant_reference.startswith("CMP260310-")
    assert recharge.purpose == "For OR-12"
    assert recharge.next_check_at is not None
    assert NOON < recharge.next_check_at < NOON + timedelta(minutes=2)


def test_two_recharges_never_share_a_reference(
    alice: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    references = {
        _start(alice, acme, _wish(acme_account, channel)).merchant_reference
        for _ in range(20)
    }

    assert len(references) == 20


def test_the_same_form_sent_twice_starts_one_recharge(
    alice: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    wish = _wish(acme_account, channel)

    first = _start(alice, acme, wish)
    second = _start(alice, acme, wish)

    assert first == second
    assert Recharge.objects.count() == 1


@pytest.mark.parametrize(
    "change", [{"amount": Money(Decimal("21.00"), "USD")}, {"account_id": 0}]
)
def test_a_used_form_with_other_entries_is_refused(
    change: dict[str, Any],
    alice: User,
    acme: Tenant,
    acme_account: Any,
    channel: PaymentChannel,
) -> None:
    wish = _wish(acme_account, channel)
    _start(alice, acme, wish)

    with pytest.raises(FormUsedBefore):
        _start(alice, acme, _wish(acme_account, channel, form_key=wish.form_key, **change))

    assert Recharge.objects.count() == 1


def test_somebody_elses_form_is_refused(
    alice: User, tina: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    wish = _wish(acme_account, channel)
    _start(alice, acme, wish)

    with pytest.raises(FormUsedBefore):
        _start(tina, acme, wish)


@pytest.mark.parametrize(
    ("persona", "refusal"),
    [
        ("tina", PermissionDenied),  # sees the account, may not pay for it
        ("mia", NoSuchAccount),
        ("bob", NoSuchAccount),
        ("charlie", NoSuchAccount),
        ("sam", PermissionDenied),
    ],
)
def test_who_may_not_recharge(
    persona: str,
    refusal: type[Exception],
    request: Any,
    acme: Tenant,
    acme_account: Any,
    channel: PaymentChannel,
) -> None:
    actor = request.getfixturevalue(persona)

    with pytest.raises(refusal):
        _start(actor, acme, _wish(acme_account, channel))

    assert Recharge.objects.count() == 0


def test_another_tenants_account_is_not_found(
    alice: User, globex: Tenant, acme_account: Any, sam: User
) -> None:
    theirs = make.make_channel(sam, globex)

    with pytest.raises(NoSuchAccount):
        _start(alice, globex, _wish(acme_account, theirs))

    assert Recharge.objects.count() == 0


def test_only_offered_channels_are_taken(
    alice: User,
    acme: Tenant,
    globex: Tenant,
    acme_account: Any,
    channel: PaymentChannel,
    sam: User,
) -> None:
    """PAY-23: the payer chooses among several."""
    theirs = make.make_channel(sam, globex, name="Theirs")
    channels.disable(actor=sam, channel_id=channel.pk, at=NOON)

    for wrong in (theirs.pk, channel.pk, 0, 10**18):
        with pytest.raises(NoSuchChannel):
            _start(alice, acme, _wish(acme_account, channel, channel_id=wrong))

    assert Recharge.objects.count() == 0


def test_the_limits_are_named_in_the_refusal(
    alice: User, sam: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    """TOG-15, TOG-20, PAY-13: refused by the action, with the limit named."""
    features.change(actor=sam, key="minimum_recharge", typed="10", at=NOON)
    features.change(actor=sam, key="maximum_recharge", typed="500", at=NOON)

    def attempt(amount: str) -> Recharge:
        money = Money(Decimal(amount), "USD")
        return _start(alice, acme, _wish(acme_account, channel, amount=money))

    with pytest.raises(
        OutsideLimits, match=r"^The smallest recharge is USD 10\.00; you entered 9\.99\.$"
    ):
        attempt("9.99")
    with pytest.raises(
        OutsideLimits, match=r"^The largest recharge is USD 500\.00; you entered 500\.01\.$"
    ):
        attempt("500.01")
    assert Recharge.objects.count() == 0
    assert attempt("10.00").amount == 10
    assert attempt("500.00").amount == 500


@pytest.mark.parametrize("amount", ["0", "-1", "0.00", "-0.01"])
def test_nothing_and_less_is_refused(
    amount: str, alice: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    with pytest.raises(OutsideLimits):
        _start(
            alice,
            acme,
            _wish(acme_account, channel, amount=Money(Decimal(amount), "USD")),
        )

    assert Recharge.objects.count() == 0


def test_what_the_gateway_cannot_take_is_refused(
    alice: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    money = Money(Decimal("100000000.00"), "USD")

    with pytest.raises(NotPayable, match=r"at most USD 99,999,999\.99"):
        _start(alice, acme, _wish(acme_account, channel, amount=money))

    assert Recharge.objects.count() == 0


def test_another_currency_is_refused(
    alice: User, acme: Tenant, acme_account: Any, channel: PaymentChannel
) -> None:
    """FND-11: an account takes its own currency."""
    money = Money(Decimal("20.00"), "EUR")

    with pytest.raises(OutsideLimits, match="takes USD"):
        _start(alice, acme, _wish(acme_account, channel, amount=money))

    assert Recharge.objects.count() == 0


# ---------------------------------------------------------------- on the way


def test_sending_marks_it_once_and_signs_the_form(
    alice: User, acme_account: Any, channel: PaymentChannel
) -> None:
    recharge = make.start_recharge(alice, acme_account, channel, is_sent=False)

    form = recharges.redirect(recharge_id=recharge.pk, at=NOON + timedelta(seconds=5))
    again = recharges.redirect(recharge_id=recharge.pk, at=NOON + timedelta(minutes=5))

    recharge.refresh_from_db()
    fields = dict(form.fields)
    assert recharge.state == Recharge.State.REDIRECTED
    assert recharge.redirected_at == NOON + timedelta(seconds=5)
    assert again == form
    assert fields["amount"] == "2000"
    assert fields["merchant_reference"] == recharge.merchant_reference
    assert fields["return_url"] == channel.own_return_url
    assert fields["order_description"] == f"Recharge {recharge.number}"
    assert signature.verify(fields, phrase=gateway_fake.REQUEST_PHRASE, sha_type="SHA-256")


def test_a_decided_recharge_is_not_sent_again(
    recharge: Recharge, channel: PaymentChannel
) -> None:
    deliver(channel, declined(recharge))

    with pytest.raises(AlreadyDecided):
        recharges.redirect(recharge_id=recharge.pk, at=NOON)


def test_a_credit_is_announced_on_commit(
    recharge: Recharge,
    channel: PaymentChannel,
    acme: Tenant,
    acme_account: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    heard: list[dict[str, Any]] = []

    def listen(sender: Any, **facts: Any) -> None:
        heard.append(facts)

    recharge_credited.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            deliver(channel, answer(recharge))
            assert heard == []
            deliver(channel, answer(recharge))
    finally:
        recharge_credited.disconnect(listen)

    for facts in heard:
        del facts["signal"]
    assert heard == [
        {
            "recharge_id": recharge.pk,
            "fund_account_id": acme_account.pk,
            "tenant_id": acme.pk,
        }
    ]


def test_crediting_twice_credits_once(recharge: Recharge) -> None:
    for _ in range(2):
        paid = recharges.credit(
            recharge_id=recharge.pk,
            gateway_reference="1",
            gateway_code="14000",
            at=NOON,
        )

    assert paid.is_paid
    assert paid.transaction_number is not None


def test_an_account_with_an_unfinished_recharge_stays(
    recharge: Recharge, channel: PaymentChannel, acme_account: Any, tina: User
) -> None:
    with pytest.raises(fund_accounts.FundAccountInUse, match="recharge"):
        fund_accounts.delete(actor=tina, fund_account_id=acme_account.pk, at=NOON)

    deliver(channel, declined(recharge))
    fund_accounts.delete(actor=tina, fund_account_id=acme_account.pk, at=NOON)


def test_a_late_payment_reaches_a_deleted_account(
    recharge: Recharge, channel: PaymentChannel, acme_account: Any, tina: User
) -> None:
    from funds import queries as funds

    deliver(channel, declined(recharge))
    fund_accounts.delete(actor=tina, fund_account_id=acme_account.pk, at=NOON)

    deliver(channel, answer(recharge))

    recharge.refresh_from_db()
    assert recharge.is_paid
    assert funds.balance_of(acme_account.pk).available == recharge.money
