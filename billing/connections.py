"""What billing tells the apps below it, which import nothing of billing."""

from datetime import datetime

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import funds.queries
from billing import queries
from billing.models import Charge, Order
from cmp.lib.clock import HOUR
from cmp.lib.money import Money
from funds import stories
from funds.actions import fund_accounts
from funds.stories import Story


def register() -> None:
    """Called once at start."""
    fund_accounts.register_deletion_check(why_account_stays)
    stories.register_story_source("order", story_of_order)
    stories.register_account_story_source("usage", story_of_usage)


def why_account_stays(account_id: int) -> str | None:
    """The business going on that keeps a fund account from being deleted, if any."""
    orders = queries.unfinished_orders_of_account(account_id)
    if orders:
        return ngettext(
            "An order of this fund account is not finished.",
            "%(count)s orders of this fund account are not finished.",
            orders,
        ) % {"count": orders}
    running = queries.running_subscriptions_of_account(account_id)
    if running:
        return ngettext(
            "A resource is still paid from this fund account.",
            "%(count)s resources are still paid from this fund account.",
            running,
        ) % {"count": running}
    return None


def story_of_order(reference: str, tenant_id: int) -> Story | None:
    """The order behind a hold, its release or its purchase."""
    digits = reference.partition(":")[2]
    order = (
        Order.objects.filter(pk=int(digits), tenant_id=tenant_id)
        .select_related("business_group", "requested_by", "tenant")
        .first()
        if digits.isascii() and digits.isdigit()
        else None
    )
    if order is None:
        return None
    return Story(
        title=_("Order %(number)s") % {"number": order.number},
        url=reverse("billing:view-order", args=[order.tenant.slug, order.pk]),
        admin_url=reverse("billing_admin:view-order", args=[order.pk]),
        lines=[
            (_("Instance"), order.name),
            (_("Business group"), order.business_group.name),
            (_("Requested by"), str(order.requested_by)),
            (_("Sold"), order.get_sale_display()),
            (_("Price"), f"{order.total}"),
            (_("State"), order.get_state_display()),
        ],
    )


def story_of_usage(reference: str, tenant_id: int, fund_account_id: int) -> Story | None:
    """The charges behind a usage deduction: how many, for how long, together."""
    hour = _hour_of(reference)
    if hour is None:
        return None
    pot_id = funds.queries.available_pot_id(fund_account_id)
    charges = Charge.objects.filter(hour=hour, fund_pot_id=pot_id, tenant_id=tenant_id)
    totals = charges.aggregate(
        n=Count("subscription_id"), s=Sum("seconds"), a=Sum("amount")
    )
    if not totals["n"]:
        return None
    account = funds.queries.account_of_pot(pot_id)
    ends = hour + HOUR
    return Story(
        title=_("Use from %(start)s to %(end)s UTC")
        % {"start": f"{hour:%Y-%m-%d %H:%M}", "end": f"{ends:%H:%M}"},
        lines=[
            (_("Charges"), str(totals["n"])),
            (_("Seconds used"), str(totals["s"])),
            (_("Deducted"), str(Money(totals["a"], account.currency))),
            *_charge_lines(charges, account.currency),
        ],
    )


def _charge_lines(charges: "queries.Charges", currency: str) -> list[tuple[str, str]]:
    """The largest charges, each with its seconds and rate."""
    return [
        (
            name,
            _("%(seconds)s s at %(rate)s per second = %(amount)s")
            % {
                "seconds": charge.seconds,
                "rate": f"{rate:f}",
                "amount": Money(charge.amount, currency),
            },
        )
        for charge, name, rate in queries.explained(charges)
    ]


def _hour_of(reference: str) -> datetime | None:
    try:
        return datetime.strptime(f"{reference}+0000", "usage:%Y-%m-%dT%HZ%z")
    except ValueError:
        return None
