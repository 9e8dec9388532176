"""Four days of the demo tenant: recharges, instances, hours charged as they passed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db.models import F

from billing import queries
from billing.actions import deductions, deployments, orders, subscriptions
from billing.actions.orders import InstanceRequest
from billing.demo.offers import Offers
from billing.demo.people import Cast
from billing.models import Order
from cmp.lib.clock import HOUR
from cmp.lib.jobs.models import JobRun
from cmp.lib.money import Money
from payments.actions import inbox, recharges
from payments.actions.recharges import Wish
from payments.gateways.payfort import signature
from payments.models import GatewayMessage, Recharge
from pricing.models import Sale
from resources.actions.instances import Shape

DAYS: Final = 4
_PAID, _DECLINED, _CANCELLED = "14000", "13666", "00072"
_SMALL, _LARGE = Shape(2, 4, 40, False), Shape(8, 32, 200, False)
_WEB: Final = Shape(4, 8, 80, True)


@dataclass(frozen=True)
class Story:
    """The stage on which the events below happen."""

    cast: Cast
    offers: Offers

    def recharge(self, name: str, amount: str, code: str) -> Callable[[datetime], None]:
        return lambda at: _recharge(self, name, amount, code, at)

    def order(
        self,
        name: str,
        shape: Shape,
        sale: Sale,
        *,
        postpaid: bool = False,
        pay: bool = True,
    ) -> Callable[[datetime], None]:
        return lambda at: _order(self, name, shape, sale, postpaid, pay, at)

    def end(self, name: str) -> Callable[[datetime], None]:
        return lambda at: _end(self, name, at)


def load(cast: Cast, offers: Offers, *, begins: datetime, now: datetime) -> None:
    """Play the events in their order, each hour charged before the next one begins."""
    story = Story(cast, offers)
    hour = begins
    for after, event in _events(story):
        hour = _pass_hours(hour, begins + after)
        event(begins + after)
    _pass_hours(hour, now)
    _shorten_runs()


def is_told() -> bool:
    """Whether the last event has happened, so that there is nothing left to play."""
    return Order.objects.filter(form_key=_key("order:search-01")).exists()


def _events(story: Story) -> list[tuple[timedelta, Callable[[datetime], None]]]:
    hourly, month = Sale.HOURLY, Sale.TERM
    return [
        (timedelta(hours=1, minutes=10), story.recharge("first", "500.00", _PAID)),
        (timedelta(hours=1, minutes=30), story.order("web-01", _WEB, hourly)),
        (timedelta(hours=25, minutes=5), story.order("db-01", _LARGE, month)),
        (timedelta(hours=28, minutes=12), story.recharge("second", "250.00", _DECLINED)),
        (timedelta(hours=28, minutes=20), story.recharge("third", "250.00", _PAID)),
        (timedelta(hours=47, minutes=41), story.order("batch-01", _SMALL, hourly)),
        (timedelta(hours=50, minutes=3), story.order("fail-01", _SMALL, hourly)),
        (timedelta(hours=66, minutes=15), story.end("batch-01")),
        (
            timedelta(hours=72, minutes=9),
            story.order("notebook-01", _WEB, hourly, postpaid=True),
        ),
        (timedelta(hours=88, minutes=2), story.recharge("fourth", "100.00", _CANCELLED)),
        (
            timedelta(hours=94, minutes=44),
            story.order("search-01", _LARGE, month, pay=False),
        ),
    ]


def _pass_hours(since: datetime, until: datetime) -> datetime:
    """Run the hourly deductions two minutes after each full hour; return the last hour."""
    while since + HOUR <= until:
        since += HOUR
        run_at = since + timedelta(minutes=2)
        if run_at <= until and not JobRun.objects.filter(started_at=run_at).exists():
            deductions.run(at=run_at)
    return since


def _recharge(story: Story, name: str, amount: str, code: str, at: datetime) -> None:
    """Start a recharge and let the gateway's notice say how it went."""
    wish = Wish(
        account_id=story.offers.prepaid_id,
        channel_id=story.offers.channel.pk,
        amount=Money(Decimal(amount), "USD"),
        form_key=_key(f"recharge:{name}"),
    )
    recharge = recharges.start(
        payer=story.cast.owner, tenant=story.cast.tenant, wish=wish, language="en", at=at
    )
    if not recharge.is_open:
        return
    sent = recharges.redirect(recharge_id=recharge.pk, at=at)
    message = inbox.store(
        channel_id=story.offers.channel.pk,
        origin=GatewayMessage.Origin.NOTICE,
        content_type="application/x-www-form-urlencoded",
        body=_answer(sent.fields, recharge, code).encode(),
        at=at + timedelta(seconds=48),
    )
    inbox.judge(message_id=message.pk, at=at + timedelta(seconds=49))


def _answer(sent: Mapping[str, str], recharge: Recharge, code: str) -> str:
    """What the sandbox gateway would have answered, signed with its response phrase."""
    fields = {name: value for name, value in sent.items() if name != "signature"}
    fields |= {
        "fort_id": f"9{recharge.pk:012d}",
        "status": code[:2],
        "response_code": code,
        "response_message": "Success" if code == _PAID else "Not paid",
    }
    if code != _CANCELLED:
        fields |= {"payment_option": "VISA", "card_number": "400555******0001"}
    phrase = recharge.channel.credentials().response_phrase
    fields["signature"] = signature.sign(
        fields, phrase=phrase, sha_type=recharge.channel.sha_type
    )
    return urlencode(fields)


def _order(
    story: Story,
    name: str,
    shape: Shape,
    sale: Sale,
    postpaid: bool,
    pay: bool,
    at: datetime,
) -> None:
    """Request an instance as the member would, pay for it and let it deploy."""
    cast = story.cast
    if (
        Order.objects.filter(form_key=_key(f"order:{name}"))
        .exclude(state="PROCESSING")
        .exists()
    ):
        return
    group = cast.science_group if postpaid else cast.platform_group
    wanted = InstanceRequest(
        tenant_id=cast.tenant.pk,
        business_group_id=group.pk,
        name=name,
        shape=shape,
        sale=sale,
    )
    total = queries.quote_at(shape=shape, sale=sale, currency="USD", at=at).total
    order = orders.submit(
        actor=cast.member,
        wanted=wanted,
        expected=total,
        form_key=_key(f"order:{name}"),
        at=at,
    )
    if not pay:
        return
    if not postpaid:
        orders.pay(actor=cast.owner, order_id=order.pk, at=at + timedelta(seconds=30))
    deployments.deploy(order_id=order.pk, now=lambda: at + timedelta(seconds=95))


def _end(story: Story, name: str, at: datetime) -> None:
    order = Order.objects.get(form_key=_key(f"order:{name}"))
    assert order.instance_id is not None
    subscriptions.end(actor=story.cast.member, instance_id=order.instance_id, at=at)


def _key(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"demo:{name}")


def _shorten_runs() -> None:
    """Let runs that were played afterwards end when they would have."""
    JobRun.objects.filter(finished_at__gt=F("started_at") + timedelta(minutes=1)).update(
        finished_at=F("started_at") + timedelta(seconds=1)
    )
