"""How channels and recharges look: states, outcomes and what happened, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmp.lib.display import State, Tone, Words, moment_html
from payments.gateways.registry import gateway_of
from payments.models import GatewayMessage, PaymentChannel, Recharge

_TONES: Final = {
    Recharge.State.CREATED: Tone.IDLE,
    Recharge.State.REDIRECTED: Tone.INFO,
    Recharge.State.PAID: Tone.OK,
    Recharge.State.FAILED: Tone.BAD,
    Recharge.State.CANCELLED: Tone.IDLE,
    Recharge.State.EXPIRED: Tone.IDLE,
    Recharge.State.REVIEW: Tone.WARN,
}
_ICONS: Final = {Recharge.State.CANCELLED: "ban", Recharge.State.EXPIRED: "clock"}
_VERDICTS: Final = {
    GatewayMessage.Verdict.CREDITED: gettext_lazy("Signed confirmation checked"),
    GatewayMessage.Verdict.FAILED: gettext_lazy("Declined by the bank"),
    GatewayMessage.Verdict.CANCELLED: gettext_lazy("Cancelled on the payment page"),
    GatewayMessage.Verdict.EXPIRED: gettext_lazy("Closed: the provider knows no payment"),
    GatewayMessage.Verdict.REVIEW: gettext_lazy("Set aside for review"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of what happened to a recharge."""

    text: Words
    note: SafeString | Words = ""
    is_now: bool = False


def state_of(recharge: Recharge) -> State:
    state = Recharge.State(recharge.state)
    return State(state.label, _TONES[state], _ICONS.get(state, ""))


def state_of_channel(channel: PaymentChannel) -> State:
    if channel.is_active:
        return State(_("In use"), Tone.OK)
    return State(_("Disabled"), Tone.IDLE, "pause")


def reason_of(recharge: Recharge) -> str:
    """Why it was not paid, as the end of a sentence; empty where nobody said."""
    return gateway_of(recharge.channel.kind).explain(recharge.gateway_code)


def story_of(recharge: Recharge, messages: Iterable[GatewayMessage]) -> list[Event]:
    """What happened to a recharge, newest first."""
    events = [
        Event(
            _("Recharge created by %(payer)s") % {"payer": recharge.payer},
            moment_html(recharge.created_at),
        )
    ]
    if recharge.redirected_at:
        name = recharge.channel.get_kind_display()
        sent = _("Sent to %(provider)s") % {"provider": name}
        events.append(Event(sent, moment_html(recharge.redirected_at)))
    events += [_told(message) for message in messages if _is_news(message)]
    if recharge.is_paid and recharge.settled_at:
        account = recharge.fund_account.name
        events.append(
            Event(
                _("%(amount)s credited to %(account)s")
                % {"amount": recharge.money, "account": account},
                moment_html(recharge.settled_at),
            )
        )
    elif recharge.is_open and recharge.next_check_at:
        events.append(_waiting(recharge, recharge.next_check_at))
    last = events[-1]
    events[-1] = Event(last.text, last.note, is_now=True)
    return events[::-1]


def _is_news(message: GatewayMessage) -> bool:
    is_back = message.origin == GatewayMessage.Origin.RETURN
    return is_back or message.judged_verdict in _VERDICTS


def _told(message: GatewayMessage) -> Event:
    verdict = GatewayMessage.Verdict(message.judged_verdict)
    text = _VERDICTS.get(verdict, gettext_lazy("Came back from the payment page"))
    return Event(text, moment_html(message.received_at))


def _waiting(recharge: Recharge, next_check_at: datetime) -> Event:
    note = _("Next check at %(time)s; checks so far: %(count)s") % {
        "time": moment_html(next_check_at),
        "count": recharge.checks_done,
    }
    # The parts are markup of ours and a number.
    return Event(_("Waiting for the payment provider"), SafeString(note))
