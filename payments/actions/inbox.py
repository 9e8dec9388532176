"""The inbox: store what gateways send before believing it, then judge it, once.

Three ways lead here (browser return, notice, status check) and one out: the acceptance
rule of payfort.md 4.2, applied under the lock of the recharge.
"""

import logging
from datetime import datetime

from django.db import transaction

from cmp.lib.errors import DomainError
from payments.actions import placing, recharges
from payments.actions.placing import Judgement
from payments.gateways.base import BadSignature, Outcome, Report, Unreadable
from payments.gateways.registry import gateway_of
from payments.models import GatewayMessage, Recharge
from payments.models.inbox import BODY_BYTES_MAX
from payments.schedule import GIVES_UP_AFTER

log = logging.getLogger("payments")
Verdict = GatewayMessage.Verdict


class MessageTooLong(DomainError):
    """The body exceeds what any message of a gateway could need."""


def store(
    *,
    channel_id: int,
    origin: GatewayMessage.Origin,
    content_type: str,
    body: bytes,
    at: datetime,
    asked_id: int | None = None,
) -> GatewayMessage:
    """Keep a message as it came, committed when this returns; nothing is believed yet.

    Raises `MessageTooLong`; a database that cannot store raises its own error, and the
    gateway must then be told to send again.
    """
    if len(body) > BODY_BYTES_MAX:
        raise MessageTooLong("longer than 256 kB")
    with transaction.atomic(durable=True):
        return GatewayMessage.objects.create(
            channel_id=channel_id,
            origin=origin,
            asked_id=asked_id,
            content_type=content_type[:100],
            body=body,
            received_at=at,
        )


@transaction.atomic
def judge(*, message_id: int, at: datetime) -> GatewayMessage:
    """Judge a stored message and do what follows, exactly once.

    Safe to repeat and to run beside itself: the message is locked, then the recharge.
    """
    message = (
        GatewayMessage.objects.select_for_update(no_key=True, of=("self",))
        .select_related("channel", "asked")
        .get(pk=message_id)
    )
    if message.is_judged:
        return message
    judgement = _judgement(message, at)
    message.judged_at = at
    message.judged_verdict = judgement.verdict
    message.judged_reason = judgement.reason[:200]
    message.judged_recharge = judgement.recharge
    message.save(
        update_fields=[
            "judged_at",
            "judged_verdict",
            "judged_reason",
            "judged_recharge",
        ]
    )
    _log(message)
    return message


def _judgement(message: GatewayMessage, at: datetime) -> Judgement:
    try:
        report = _report_of(message)
    except Unreadable as why:
        return Judgement(Verdict.UNREADABLE, str(why))
    except BadSignature as why:
        return Judgement(Verdict.BAD_SIGNATURE, str(why))
    if not report.is_ours:
        return Judgement(Verdict.FOREIGN, "addressed to another merchant account")
    if message.asked is not None and report.reference != message.asked.merchant_reference:
        return Judgement(Verdict.FOREIGN, "answers another question than was asked")
    recharge = _locked_recharge(report.reference)
    if report.is_paid:
        return placing.place(message, report, recharge, at)
    return _note_unpaid(message, report, recharge, at)


def _report_of(message: GatewayMessage) -> Report:
    gateway = gateway_of(message.channel.kind)
    credentials = message.channel.credentials()
    if message.asked is None:
        return gateway.read_message(
            credentials, content_type=message.content_type, body=message.raw
        )
    return gateway.read_status(
        credentials,
        content_type=message.content_type,
        body=message.raw,
        amount=message.asked.money,
    )


def _locked_recharge(reference: str) -> Recharge | None:
    return (
        Recharge.objects.select_for_update(no_key=True)
        .filter(merchant_reference=reference)
        .first()
    )


def _note_unpaid(
    message: GatewayMessage, report: Report, recharge: Recharge | None, at: datetime
) -> Judgement:
    if recharge is None or recharge.channel_id != message.channel_id:
        return Judgement(Verdict.NOTED, "no such recharge")
    if report.amount is not None and report.amount != recharge.money:
        return Judgement(Verdict.NOTED, "other amount than asked", recharge)
    moved, verdict = False, Verdict.NOTED
    match report.outcome:
        case Outcome.FAILED:
            verdict = Verdict.FAILED
            moved = recharges.decline(
                recharge_id=recharge.pk, gateway_code=report.code, at=at
            )
        case Outcome.CANCELLED:
            verdict = Verdict.CANCELLED
            moved = recharges.cancel(
                recharge_id=recharge.pk, gateway_code=report.code, at=at
            )
        case Outcome.NOT_FOUND if recharge.age(at) >= GIVES_UP_AFTER:
            verdict = Verdict.EXPIRED
            moved = recharges.expire(
                recharge_id=recharge.pk, gateway_code=report.code, at=at
            )
        case _:
            pass
    if not moved:
        return Judgement(Verdict.NOTED, f"code {report.code}", recharge)
    return Judgement(verdict, f"code {report.code}", recharge)


def _log(message: GatewayMessage) -> None:
    """Say what came of it; what a person must look at is an error, so that it alarms."""
    needs_a_person = message.judged_verdict in {Verdict.REVIEW, Verdict.FOREIGN}
    log.log(
        logging.ERROR if needs_a_person else logging.INFO,
        "message.judged",
        extra={
            "message_id": message.pk,
            "channel": message.channel_id,
            "verdict": str(message.judged_verdict),
        },
    )
