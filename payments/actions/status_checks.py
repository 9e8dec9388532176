"""The status sweep: ask the gateway about payments that nobody reported.

The third way to the one credit, and the one that needs nobody's help: it makes up for
lost returns and notices, for a worker that died, for our own downtime.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError, transaction

from cmp.lib.errors import DomainError
from cmp.lib.jobs.runs import record_run
from payments import queries
from payments.actions import inbox
from payments.gateways.base import GatewayUnreachable
from payments.gateways.registry import gateway_of
from payments.models import GatewayMessage, Recharge
from payments.schedule import GIVES_UP_AFTER, next_check

log = logging.getLogger("payments")
_JUDGE_AGAIN_AFTER: Final = timedelta(seconds=30)
# A gateway that fails this often in a run is left alone until the next.
_FAILURES_MAX: Final = 3
_CHECKS_MAX: Final = 2_000


@dataclass
class Sweep:
    """What one sweep did."""

    judged: int = 0
    checked: int = 0
    credited: int = 0
    unreachable: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    @property
    def has_done_something(self) -> bool:
        return bool(self.judged or self.checked or self.errors)

    @property
    def silent_channels(self) -> set[int]:
        return {c for c, count in self.unreachable.items() if count >= _FAILURES_MAX}


def sweep(*, at: datetime, started_by: str = "schedule") -> Sweep:
    """Judge what was left in the inbox, then ask about every recharge that is due.

    Safe to run beside itself: rows are claimed one by one and skipped while another run
    holds them. No network call happens inside a transaction. A run is recorded only if
    something was due, because it wakes up every minute.
    """
    if not _is_anything_due(at) and started_by == "schedule":
        return Sweep()
    with record_run("sweep_recharges", at=at, started_by=started_by) as run:
        run.lag_s = _lag_s(at)
        done = Sweep()
        _judge_leftovers(done, at)
        _ask_about_the_due(done, at)
        run.counted = done.checked + done.judged
        run.errors = done.errors
    return done


def check(*, recharge_id: int, at: datetime) -> GatewayMessage:
    """Ask the gateway about one recharge now, store its answer and judge it.

    Never inside a transaction. Raises `GatewayUnreachable`.
    """
    recharge = Recharge.objects.select_related("channel").get(pk=recharge_id)
    channel = recharge.channel
    answer = gateway_of(channel.kind).ask_status(
        channel.credentials(), reference=recharge.merchant_reference
    )
    message = inbox.store(
        channel_id=channel.pk,
        origin=GatewayMessage.Origin.STATUS,
        asked_id=recharge.pk,
        content_type="application/json",
        body=answer,
        at=at,
    )
    return inbox.judge(message_id=message.pk, at=at)


def _judge_leftovers(done: Sweep, at: datetime) -> None:
    left = queries.messages_left_unjudged(at - _JUDGE_AGAIN_AFTER)
    for message_id in list(left.values_list("pk", flat=True)[:_CHECKS_MAX]):
        try:
            message = inbox.judge(message_id=message_id, at=at)
        except (DomainError, DatabaseError, ValueError) as failure:
            # One bad message must not keep the others from being judged.
            log.exception("message.judging_failed", extra={"message_id": message_id})
            done.errors.append(f"message {message_id}: {type(failure).__name__}")
            continue
        done.judged += 1
        done.credited += message.judged_verdict == GatewayMessage.Verdict.CREDITED


def _ask_about_the_due(done: Sweep, at: datetime) -> None:
    for _ in range(_CHECKS_MAX):
        recharge = _claim(at, done.silent_channels)
        if recharge is None:
            return
        try:
            message = check(recharge_id=recharge.pk, at=at)
        except GatewayUnreachable as failure:
            done.unreachable[recharge.channel_id] += 1
            done.errors.append(f"{recharge.number}: gateway unreachable ({failure})")
            continue
        except (DomainError, DatabaseError, ValueError) as failure:
            log.exception("recharge.check_failed", extra={"recharge": recharge.pk})
            done.errors.append(f"{recharge.number}: {type(failure).__name__}")
            continue
        done.checked += 1
        done.credited += message.judged_verdict == GatewayMessage.Verdict.CREDITED


@transaction.atomic
def _claim(at: datetime, silent_channels: set[int]) -> Recharge | None:
    """Take the most overdue recharge and set its next check.

    A run that dies between here and the answer costs one check and nothing else.
    """
    recharge = (
        Recharge.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(next_check_at__lte=at)
        .exclude(channel_id__in=silent_channels)
        .order_by("next_check_at", "id")
        .first()
    )
    if recharge is None:
        return None
    is_over = not recharge.is_open and recharge.age(at) >= GIVES_UP_AFTER
    recharge.next_check_at = (
        None if is_over else next_check(recharge.pk, since=recharge.checks_begin_at, at=at)
    )
    recharge.checks_done += 1
    recharge.save(update_fields=["next_check_at", "checks_done"])
    return recharge


def _is_anything_due(at: datetime) -> bool:
    return (
        Recharge.objects.filter(next_check_at__lte=at).exists()
        or queries.messages_left_unjudged(at - _JUDGE_AGAIN_AFTER).exists()
    )


def _lag_s(at: datetime) -> int:
    """How long the most overdue recharge has waited for its check."""
    first = (
        Recharge.objects.filter(next_check_at__lte=at)
        .order_by("next_check_at")
        .values_list("next_check_at", flat=True)
        .first()
    )
    return int((at - first).total_seconds()) if first else 0
