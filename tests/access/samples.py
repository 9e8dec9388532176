"""What stands in the placeholders of URLs: one object of each tenant, made by real actions.

A new placeholder needs a line here. `Sample.of` maps a tenant's slug to its object's
value in the URL; `personally` names the personas who reach it although only a personal
right (such as owning the fund account) opens the page for them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.actions import audit
from accounts.models import AuditEntry, BusinessGroup, Membership, Tenant, User
from billing.actions.orders import InstanceRequest
from funds.models import FundAccount
from tests.access.makings import add_channel, start_recharge
from tests.access.personas import ACME, GLOBEX, OWNER_OF
from tests.access.stage import Stage
from tests.factories.billing import completed, submitted, wanted
from tests.factories.funds import open_account, put_in
from tests.factories.pricing import publish
from tools.docs.urls import Url

BY_ITS_OWNER: Final = {slug: frozenset({name}) for slug, name in OWNER_OF.items()}
AT: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MISSING: Final = """\
The URL placeholder <{kwarg}> of {path} has no sample object.
Add to SAMPLES in tests/access/samples.py a function that makes one object for each of the
two tenants by the product's own actions and returns Sample(of={{ACME: …, GLOBEX: …}},
absent=…), keyed "<url name>.{kwarg}", "<app>.{kwarg}" or "{kwarg}"."""


@dataclass(frozen=True)
class Sample:
    """The value of a placeholder per tenant, and one that no object has."""

    of: dict[str, object]
    absent: object
    personally: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def is_of_tenants(self) -> bool:
        """False for things of the platform, which are the same for everybody."""
        return self.of[ACME] != self.of[GLOBEX]


def feature_key(_stage: Stage) -> Sample:
    return Sample(of=dict.fromkeys((ACME, GLOBEX), "invoice_menu"), absent="no-such")


def session_id(stage: Stage) -> Sample:
    """Where two owners are logged in; nobody else may end that."""
    of = {slug: _log_in(stage.people[name]) for slug, name in OWNER_OF.items()}
    return Sample(of=dict(of), absent=10**9, personally=BY_ITS_OWNER)


def account_id(stage: Stage) -> Sample:
    of = {slug: account.pk for slug, account in stage.accounts.items()}
    return Sample(of=dict(of), absent=10**9, personally=BY_ITS_OWNER)


def credited_account_id(stage: Stage) -> Sample:
    """A postpaid fund account, which alone can be given credit."""
    of = {
        slug: open_account(tenant, kind=FundAccount.Kind.POSTPAID).pk
        for slug, tenant in stage.tenants.items()
    }
    return Sample(of=dict(of), absent=10**9)


def transaction_id(stage: Stage) -> Sample:
    """What put money in the owner's fund account."""
    of = {slug: put_in(account, "5").id for slug, account in stage.accounts.items()}
    return Sample(of=dict(of), absent=10**9, personally=BY_ITS_OWNER)


def order_id(stage: Stage) -> Sample:
    """An order of the owner's business group that waits for payment."""
    publish()
    of = {slug: submitted(*wish).pk for slug, wish in _wishes(stage).items()}
    return Sample(of=dict(of), absent=10**9)


def instance_id(stage: Stage) -> Sample:
    """A server that runs for the owner's business group."""
    publish()
    orders = {slug: completed(*wish) for slug, wish in _wishes(stage).items()}
    of = {slug: order.instance_id for slug, order in orders.items()}
    return Sample(of=dict(of), absent=10**9)


def job(_stage: Stage) -> Sample:
    return Sample(of=dict.fromkeys((ACME, GLOBEX), "audit_books"), absent="no-such")


def _wishes(stage: Stage) -> dict[str, tuple[User, InstanceRequest]]:
    """What the owners ask for, each for the group that pays from their account."""
    groups = BusinessGroup.objects.filter(name="Operations")
    return {
        slug: (stage.people[OWNER_OF[slug]], wanted(groups.get(tenant=tenant)))
        for slug, tenant in stage.tenants.items()
    }


def channel_id(stage: Stage) -> Sample:
    of = {slug: add_channel(stage, slug).pk for slug in (ACME, GLOBEX)}
    return Sample(of=dict(of), absent=10**9)


def recharge_id(stage: Stage) -> Sample:
    """A recharge that its payer, the owner, has been sent to the gateway for."""
    of = {slug: start_recharge(stage, slug).pk for slug in (ACME, GLOBEX)}
    return Sample(of=dict(of), absent=10**9, personally=BY_ITS_OWNER)


def audit_entry(stage: Stage) -> Sample:
    of = {slug: _audit(tenant).pk for slug, tenant in stage.tenants.items()}
    return Sample(of=dict(of), absent=10**9)


def _log_in(person: User) -> int:
    client = Client()
    client.force_login(person)
    key = client.session.session_key
    return int(UserSession.objects.create(user=person, session_key=key, ip="127.0.0.1").pk)


def _audit(tenant: Tenant) -> AuditEntry:
    return audit.record(
        actor=None, verb="tenant.tried", subject="tenant:1", at=AT, tenant_id=tenant.pk
    )


def tenant_id(stage: Stage) -> Sample:
    of = {slug: tenant.pk for slug, tenant in stage.tenants.items()}
    return Sample(of=dict(of), absent=999_999)


def group_id(stage: Stage) -> Sample:
    of = {
        slug: BusinessGroup.objects.filter(tenant=tenant).values_list("pk", flat=True)[0]
        for slug, tenant in stage.tenants.items()
    }
    return Sample(of=dict(of), absent=999_999)


def membership_id(stage: Stage) -> Sample:
    of = {
        slug: Membership.objects.get(tenant=tenant, user=stage.people[OWNER_OF[slug]]).pk
        for slug, tenant in stage.tenants.items()
    }
    return Sample(of=dict(of), absent=999_999)


SAMPLES: Final[dict[str, Callable[[Stage], Sample]]] = {
    "account_id": account_id,
    "channel_id": channel_id,
    "recharge_id": recharge_id,
    "transaction_id": transaction_id,
    "order_id": order_id,
    "instance_id": instance_id,
    "job": job,
    "tenant_id": tenant_id,
    "group_id": group_id,
    "membership_id": membership_id,
    "accounts.entry_id": audit_entry,
    "accounts.session_id": session_id,
    "features.key": feature_key,
    "funds_admin:set-credit-limit.account_id": credited_account_id,
}


def sample_for(kwarg: str, url: Url, stage: Stage) -> Sample:
    """The sample for a placeholder; fails with what to do when there is none."""
    app = url.view.__module__.split(".")[0]
    keys = (f"{url.name}.{kwarg}", f"{app}.{kwarg}", kwarg)
    make = next((SAMPLES[key] for key in keys if key in SAMPLES), None)
    assert make, MISSING.format(kwarg=kwarg, path=url.path)
    return make(stage)
