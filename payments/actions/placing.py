"""Placing paid money: the acceptance rule of payfort.md 4.2, and what else may happen.

A signed success is either credited, or known already, or kept in suspense for a person to
decide. It is never dropped and never credited blindly.
"""

from dataclasses import dataclass
from datetime import datetime

from funds.actions import recharges_in
from payments import queries
from payments.actions import recharges
from payments.gateways.base import Report
from payments.models import GatewayMessage, Recharge, UnplacedPayment

Verdict = GatewayMessage.Verdict
Reason = UnplacedPayment.Reason


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a message."""

    verdict: GatewayMessage.Verdict
    reason: str = ""
    recharge: Recharge | None = None


def place(
    message: GatewayMessage, report: Report, recharge: Recharge | None, at: datetime
) -> Judgement:
    """Credit the recharge once, or say why not and keep the money in suspense.

    Must run in a transaction that holds the lock of `recharge`. The report is signed and
    addressed to us; everything else is compared here with what we asked for.
    """
    if not report.gateway_reference or report.amount is None or report.amount.is_zero:
        return _set_aside(report, recharge, "paid, but without number or amount", at)
    if queries.find_unplaced(message.channel_id, report.gateway_reference):
        return Judgement(Verdict.REPLAY, "lies in suspense already", recharge)
    if queries.is_used_by_another(recharge, message.channel_id, report.gateway_reference):
        return _set_aside(report, recharge, "its number paid another recharge", at)
    misfit = _misfit(message, report, recharge)
    if misfit is not None:
        return _suspend(message, report, recharge, misfit, at)
    assert recharge is not None
    if recharge.is_paid:
        return _again(report, recharge)
    recharges.credit(
        recharge_id=recharge.pk,
        gateway_reference=report.gateway_reference,
        gateway_code=report.code,
        at=at,
    )
    return Judgement(Verdict.CREDITED, "", recharge)


def _misfit(
    message: GatewayMessage, report: Report, recharge: Recharge | None
) -> UnplacedPayment.Reason | None:
    if recharge is None:
        return Reason.UNKNOWN_REFERENCE
    if recharge.channel_id != message.channel_id:
        return Reason.OTHER_CHANNEL
    if recharge.is_paid:
        is_other = report.gateway_reference != recharge.gateway_reference
        return Reason.PAID_TWICE if is_other else None
    return Reason.OTHER_AMOUNT if report.amount != recharge.money else None


def _again(report: Report, recharge: Recharge) -> Judgement:
    if report.amount != recharge.money:
        return Judgement(Verdict.REVIEW, "paid before, with another amount", recharge)
    return Judgement(Verdict.REPLAY, "", recharge)


def _set_aside(
    report: Report, recharge: Recharge | None, reason: str, at: datetime
) -> Judgement:
    if recharge is not None:
        recharges.put_in_review(recharge_id=recharge.pk, gateway_code=report.code, at=at)
    return Judgement(Verdict.REVIEW, reason, recharge)


def _suspend(
    message: GatewayMessage,
    report: Report,
    recharge: Recharge | None,
    reason: UnplacedPayment.Reason,
    at: datetime,
) -> Judgement:
    assert report.amount is not None
    if reason is Reason.OTHER_CHANNEL:
        # Whoever knows another channel's phrase must not move this recharge.
        recharge = None
    if recharge is not None:
        recharges.put_in_review(recharge_id=recharge.pk, gateway_code=report.code, at=at)
    posted = recharges_in.suspend(
        amount=report.amount,
        reference=f"message:{message.pk}",
        key=f"gateway:{message.channel_id}:{report.gateway_reference}:suspend",
        at=at,
    )
    UnplacedPayment.objects.create(
        channel_id=message.channel_id,
        gateway_reference=report.gateway_reference,
        message=message,
        recharge=recharge,
        amount=report.amount.amount,
        currency=report.amount.currency,
        reason=reason,
        transaction_number=posted.number,
        created_at=at,
    )
    return Judgement(Verdict.REVIEW, str(reason.label), recharge)
