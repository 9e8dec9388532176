"""Recharges: start one, hand it to the gateway, and the moves that an answer causes."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import access
from accounts.access import Permission
from accounts.models import Tenant, User
from cmp.lib.display import amount_text
from cmp.lib.errors import DomainError, constraint_name
from cmp.lib.money import Money
from funds import queries as funds
from funds.actions import recharges_in
from payments import queries
from payments.gateways.base import Payment, SignedForm
from payments.gateways.registry import gateway_of
from payments.limits import limits_for
from payments.models import Recharge
from payments.schedule import next_check
from payments.signals import recharge_credited

log = logging.getLogger("payments")


class NoSuchAccount(DomainError):
    """The fund account is not one that the payer may recharge."""

    field = "account"


class NoSuchChannel(DomainError):
    """The channel is not offered to this tenant."""

    field = "channel"


class OutsideLimits(DomainError):
    """The amount is below the smallest or above the largest recharge."""

    field = "amount"


class FormUsedBefore(DomainError):
    """The form was sent before, for something else."""


class AlreadyDecided(DomainError):
    """The gateway has answered; there is nothing to pay any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a payer asks for."""

    account_id: int
    channel_id: int
    amount: Money
    # Made with the form: the same key starts one recharge, however often it is sent.
    form_key: UUID
    return_to: str = ""
    purpose: str = ""


def start(
    *, payer: User, tenant: Tenant, wish: Wish, language: str, at: datetime
) -> Recharge:
    """Start a recharge, or return the one that this form has started already.

    Raises `NoSuchAccount`, `NoSuchChannel`, `OutsideLimits`, `FormUsedBefore`, the
    gateway's `NotPayable`, or `PermissionDenied` for an account one may only look at.
    """
    earlier = queries.find_recharge_of_form(wish.form_key)
    if earlier is not None:
        return _same(earlier, payer, wish)
    account = funds.accounts_visible_to(payer, tenant).filter(pk=wish.account_id).first()
    if account is None:
        raise NoSuchAccount(_("Choose one of your fund accounts."))
    access.demand(payer, Permission.RECHARGE, account)
    channel = queries.channels_for(tenant.pk).filter(pk=wish.channel_id).first()
    if channel is None:
        raise NoSuchChannel(_("Choose one of the payment channels offered."))
    _refuse_outside_limits(wish.amount, account.currency)
    gateway_of(channel.kind).check_amount(wish.amount)
    recharge = Recharge(
        tenant=tenant,
        fund_account_id=account.pk,
        channel=channel,
        payer=payer,
        amount=wish.amount.amount,
        currency=wish.amount.currency,
        merchant_reference=_new_reference(at),
        form_key=wish.form_key,
        return_to=wish.return_to,
        purpose=wish.purpose,
        language=language,
        created_at=at,
    )
    return _saved(recharge, payer, wish, at)


def redirect(*, recharge_id: int, at: datetime) -> SignedForm:
    """Note that the payer is sent to the gateway and return the form that sends them.

    May be repeated while the gateway has not answered; raises `AlreadyDecided` after.
    """
    with transaction.atomic():
        recharge = _locked(recharge_id)
        if not recharge.is_open:
            raise AlreadyDecided(_("This recharge is decided already."))
        if recharge.state == Recharge.State.CREATED:
            _mark_redirected(recharge, at)
        channel = recharge.channel
    return gateway_of(channel.kind).start(
        channel.credentials(),
        Payment(
            reference=recharge.merchant_reference,
            amount=recharge.money,
            payer_email=recharge.payer.email,
            language=recharge.language,
            description=f"Recharge {recharge.number}",
            return_url=channel.own_return_url,
        ),
    )


@transaction.atomic
def credit(
    *, recharge_id: int, gateway_reference: str, gateway_code: str, at: datetime
) -> Recharge:
    """Credit the fund account with a recharge that the gateway reports as paid.

    Gateways repeat themselves, so a recharge already credited is returned unchanged.
    """
    recharge = _locked(recharge_id)
    if recharge.is_paid:
        return recharge
    if recharge.state == Recharge.State.CREATED:
        _mark_redirected(recharge, at)
    posted = recharges_in.credit(
        fund_account_id=recharge.fund_account_id,
        amount=recharge.money,
        reference=f"recharge:{recharge.pk}",
        key=f"recharge:{recharge.pk}:credit",
        at=at,
    )
    recharge.state = Recharge.State.PAID
    recharge.transaction_number = posted.number
    recharge.gateway_reference = gateway_reference
    recharge.gateway_code = gateway_code
    recharge.settled_at = at
    recharge.next_check_at = None
    recharge.save()
    log.info("recharge.credited", extra={"recharge": recharge.pk})
    _announce(recharge)
    return recharge


@transaction.atomic
def decline(*, recharge_id: int, gateway_code: str, at: datetime) -> bool:
    """Mark an open recharge as declined; say whether that changed anything.

    The payer may try another card under the same reference, so it is still checked.
    """
    return _end(recharge_id, Recharge.State.FAILED, gateway_code, at)


@transaction.atomic
def cancel(*, recharge_id: int, gateway_code: str, at: datetime) -> bool:
    """Mark an open recharge as cancelled by the payer; say whether it changed anything."""
    return _end(recharge_id, Recharge.State.CANCELLED, gateway_code, at)


@transaction.atomic
def expire(*, recharge_id: int, gateway_code: str, at: datetime) -> bool:
    """Close an open recharge that the gateway does not know; never by time alone."""
    return _end(recharge_id, Recharge.State.EXPIRED, gateway_code, at)


@transaction.atomic
def put_in_review(*, recharge_id: int, gateway_code: str, at: datetime) -> bool:
    """Set an open recharge aside for a person to decide; say whether it changed."""
    recharge = _locked(recharge_id)
    if not recharge.is_open:
        return False
    if recharge.state == Recharge.State.CREATED:
        _mark_redirected(recharge, at)
    recharge.state = Recharge.State.REVIEW
    recharge.gateway_code = gateway_code
    recharge.save(update_fields=["state", "gateway_code"])
    return True


def _end(recharge_id: int, state: Recharge.State, code: str, at: datetime) -> bool:
    recharge = _locked(recharge_id)
    if not recharge.is_open:
        return False
    if recharge.state == Recharge.State.CREATED and state == Recharge.State.FAILED:
        _mark_redirected(recharge, at)
    recharge.state = state
    recharge.gateway_code = code
    recharge.settled_at = at
    if state == Recharge.State.EXPIRED:
        recharge.next_check_at = None
    recharge.save(update_fields=["state", "gateway_code", "settled_at", "next_check_at"])
    return True


def _saved(recharge: Recharge, payer: User, wish: Wish, at: datetime) -> Recharge:
    try:
        with transaction.atomic():
            recharge.save()
            recharge.next_check_at = next_check(recharge.pk, since=at, at=at)
            recharge.save(update_fields=["next_check_at"])
    except IntegrityError as error:
        # The same form was sent twice at once: the first to commit has won.
        earlier = queries.find_recharge_of_form(wish.form_key)
        if earlier is None:
            raise _refusal(error) from error
        return _same(earlier, payer, wish)
    return recharge


def _refusal(error: IntegrityError) -> Exception:
    # The channel was disabled or deleted between the look and the insert.
    if constraint_name(error) == "recharge_born":
        return NoSuchChannel(_("Choose one of the payment channels offered."))
    return error


def _same(earlier: Recharge, payer: User, wish: Wish) -> Recharge:
    asked = (payer.pk, wish.account_id, wish.channel_id, wish.amount)
    found = (earlier.payer_id, earlier.fund_account_id, earlier.channel_id, earlier.money)
    if asked != found:
        raise FormUsedBefore(
            _("This form was sent before with other entries. Check them and send it again.")
        )
    return earlier


def _refuse_outside_limits(amount: Money, currency: str) -> None:
    if amount.currency != currency:
        raise OutsideLimits(
            _("This fund account takes %(currency)s.") % {"currency": currency}
        )
    limits = limits_for(currency)
    if amount < limits.smallest:
        raise OutsideLimits(
            _("The smallest recharge is %(smallest)s; you entered %(amount)s.")
            % {"smallest": limits.smallest, "amount": amount_text(amount)}
        )
    if limits.largest is not None and amount > limits.largest:
        raise OutsideLimits(
            _("The largest recharge is %(largest)s; you entered %(amount)s.")
            % {"largest": limits.largest, "amount": amount_text(amount)}
        )


def _new_reference(at: datetime) -> str:
    """A reference never used before: a retry under an old one is refused by gateways."""
    return f"CMP{at:%y%m%d}-{secrets.token_hex(8).upper()}"


def _locked(recharge_id: int) -> Recharge:
    return Recharge.objects.select_for_update(no_key=True).get(pk=recharge_id)


def _mark_redirected(recharge: Recharge, at: datetime) -> None:
    recharge.state = Recharge.State.REDIRECTED
    recharge.redirected_at = at
    recharge.next_check_at = next_check(recharge.pk, since=at, at=at)
    recharge.save(update_fields=["state", "redirected_at", "next_check_at"])


def _announce(recharge: Recharge) -> None:
    send = partial(
        recharge_credited.send,
        sender=Recharge,
        recharge_id=recharge.pk,
        fund_account_id=recharge.fund_account_id,
        tenant_id=recharge.tenant_id,
    )
    # A listener's fault must not look like a failed credit; its sweep makes up for it.
    transaction.on_commit(send, robust=True)
