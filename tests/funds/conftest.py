"""What the screen tests share."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, Membership
from funds.models import FundAccount, FundAccountGroup, PotBalance, Transaction
from tests.factories.accounts import MembershipFactory


@pytest.fixture
def gina(globex_group):
    """Administers Globex and nothing of Acme."""
    role = Membership.Role.TENANT_ADMIN
    return MembershipFactory.create(
        tenant=globex_group.tenant, user__name="Gina", role=role
    ).user


@pytest.fixture
def bill(acme_group):
    """Acme's billing manager: sees all its money, edits none of its accounts."""
    role = Membership.Role.BILLING_MANAGER
    return MembershipFactory.create(
        tenant=acme_group.tenant, user__name="Bill", role=role
    ).user


@pytest.fixture
def client_of(request: pytest.FixtureRequest) -> Callable[[str], Client]:
    """A client logged in as somebody of the cast; `nobody` is not logged in."""

    def of(persona: str) -> Client:
        client = Client()
        if persona != "nobody":
            client.force_login(request.getfixturevalue(persona))
        return client

    return of


def money_tables() -> Any:
    """Everything a fund screen could change."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (FundAccount, FundAccountGroup, PotBalance, Transaction, AuditEntry)
    ]
