"""What a page about one transaction shows in both portals."""

from typing import Any

from django.utils.translation import gettext as _

from cmp.lib.display import State, Tone, amount_text
from cmp.lib.lists import Figure
from cmp.lib.money import Money
from funds import queries, stories
from funds.links import Portal
from funds.lists.transactions import cause_of, direction_of
from funds.models import Pot, Transaction
from funds.types import Kind


def transaction_page(transaction: Transaction, portal: Portal) -> dict[str, Any]:
    """Figures, story, facts and corrections of a transaction."""
    account = transaction.fund_account
    related = queries.related_to(transaction)
    story = None
    if account is not None:
        story = stories.story_of(
            transaction.reference,
            tenant_id=transaction.tenant_id,
            fund_account_id=account.pk,
        )
    channels = stories.channels_of([transaction.reference])
    return {
        "transaction": transaction,
        "account": account,
        "state": _state(transaction, related),
        "direction": direction_of(transaction),
        "cause": cause_of(transaction),
        "figures": _figures(transaction),
        "story": story,
        "channel": channels.get(transaction.reference, ""),
        "source": pot_name(transaction.source),
        "target": pot_name(transaction.target),
        "related": [(other, portal.transaction(other)) for other in related],
        "account_url": portal.account(account) if account else "",
    }


def pot_name(pot: Pot) -> str:
    """A pot as people read it: `FA-12 available`, or the system's `revenue`."""
    kind = str(pot.get_kind_display())
    return f"{pot.fund_account.number} {kind}" if pot.fund_account else kind


def _state(transaction: Transaction, related: list[Transaction]) -> State:
    if transaction.reverses_id is None and related:
        if transaction.kind != Kind.HOLD:
            return State(_("Reversed"), Tone.WARN, "undo")
        return State(related[0].get_kind_display(), Tone.IDLE)
    if transaction.kind == Kind.HOLD:
        return State(_("On hold"), Tone.INFO, "lock")
    return State(_("Posted"), Tone.OK)


def _figures(transaction: Transaction) -> list[Figure]:
    change, after = transaction.change, transaction.available_after
    if after is None:
        return [Figure(direction_of(transaction), change, big=True)]
    before, version = transaction.available_before, transaction.version
    assert before is not None
    assert version is not None
    return [
        Figure(direction_of(transaction), change, _exactly(change), big=True, signed=True),
        Figure(_("Available before"), before),
        Figure(
            _("Available after"),
            after,
            _("movement %(number)s of this account") % {"number": f"{version:,}"},
        ),
    ]


def _exactly(change: Money) -> str:
    """The unrounded amount, where the shown one was rounded."""
    shown, exact = amount_text(change), amount_text(change, exact=True)
    if Money.rounded(change.amount, change.currency) == change or shown == exact:
        return ""
    return _("exactly %(amount)s") % {"amount": f"{change.currency} {exact}"}
