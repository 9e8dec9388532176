"""The attacks of `attacks.py`, as the owner of the tables: each guard refuses by its name.

OPS-02: the audit log is append-only. PRI-03: a published price never changes.
"""

from typing import Any

import psycopg
import pytest

from accounts.models import BusinessGroup, Tenant, User
from pricing.models import PriceList, PriceVersion, Product
from resources.actions import instances
from resources.actions.instances import Shape
from tests.census.attacks import ATTACKS
from tests.databases import Database
from tests.factories.pricing import LONG_AGO, publish


@pytest.fixture
def world(
    committed_db: Database,
    acme: Tenant,
    globex: Tenant,
    acme_group: BusinessGroup,
    globex_group: BusinessGroup,
    acme_account: Any,
    tina: User,
) -> dict[str, int]:
    """Two tenants, a fund account, a published and a draft price version, an instance."""
    version = publish()
    other = PriceList.objects.create(name="Euro", currency="EUR")
    draft = PriceVersion.objects.create(
        price_list=version.price_list, effective_from=LONG_AGO
    )
    instance = instances.request(
        tenant_id=acme.pk,
        business_group_id=acme_group.pk,
        name="web",
        shape=Shape(vcpu=1, memory_gib=1, disk_gib=10, has_public_ip=False),
        at=LONG_AGO,
    )
    return {
        "acme": acme.pk,
        "globex": globex.pk,
        "group": acme_group.pk,
        "globex_group": globex_group.pk,
        "tina": tina.pk,
        "price_list": version.price_list_id,
        "other_list": other.pk,
        "version": version.pk,
        "draft": draft.pk,
        "product": Product.objects.get().pk,
        "instance": instance.pk,
    }


def test_each_attack_is_refused_by_the_guard_it_names(
    committed_db: Database, world: dict[str, int]
) -> None:
    owner = committed_db.connect("owner")

    wrong = [
        f"{attack.guard}, not {refused}: {attack.sql}"
        for attack in ATTACKS
        if (refused := _refused_by(owner, attack.sql.format(**world))) != attack.guard
    ]

    assert wrong == [], "\n" + "\n".join(wrong)


def _refused_by(connection: psycopg.Connection, statement: str) -> str:
    try:
        connection.execute(statement)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error as error:
        return error.diag.constraint_name or str(error)
    finally:
        connection.rollback()
    return "anything"
