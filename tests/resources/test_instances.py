"""An instance is requested, built once, and runs, fails or is deleted."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import BusinessGroup, Tenant
from resources.actions import instances
from resources.actions.instances import NameTaken, NotRunning, Outcome, Shape
from resources.drivers import DRIVERS
from resources.drivers.base import CloudUnreachable, Deployed, Machine
from resources.models import Instance

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SMALL = Shape(vcpu=2, memory_gib=4, disk_gib=50, has_public_ip=True)


@pytest.fixture
def group(acme_group: BusinessGroup) -> BusinessGroup:
    return acme_group


def requested(group: BusinessGroup, name: str = "web-1") -> Instance:
    return instances.request(
        tenant_id=group.tenant_id, business_group_id=group.pk, name=name, shape=SMALL, at=AT
    )


def deployed(group: BusinessGroup, name: str = "web-1") -> Instance:
    instance = instances.begin(instance_id=requested(group, name).pk)
    outcome = instances.build(instance)
    return instances.finish(instance_id=instance.pk, outcome=outcome, at=AT)


def test_a_deployed_instance_runs_at_an_address(group: BusinessGroup) -> None:
    instance = deployed(group)

    assert instance.state == Instance.State.RUNNING
    assert instance.deployed_at == AT
    assert str(instance.address).startswith("203.0.113.")


def test_a_failed_deployment_says_why(group: BusinessGroup) -> None:
    instance = deployed(group, "fail-web")

    assert instance.state == Instance.State.FAILED
    assert instance.failure == "The simulated cloud has no room for this instance."
    assert instance.address is None
    assert instance.deployed_at is None


def test_the_first_answer_stays(group: BusinessGroup) -> None:
    instance = deployed(group)

    again = instances.finish(
        instance_id=instance.pk, outcome=Outcome(failure="late"), at=AT
    )

    assert again.state == Instance.State.RUNNING
    assert again.failure == ""


def test_beginning_twice_begins_once(group: BusinessGroup) -> None:
    instance = requested(group)

    instances.begin(instance_id=instance.pk)
    instances.begin(instance_id=instance.pk)

    assert Instance.objects.get().state == Instance.State.DEPLOYING


def test_a_living_name_is_taken_in_its_tenant_only(
    group: BusinessGroup, globex_group: BusinessGroup
) -> None:
    requested(group)
    requested(globex_group)

    with pytest.raises(NameTaken, match="“WEB-1” exists already"):
        requested(group, "WEB-1")

    assert Instance.objects.count() == 2


def test_a_failed_or_deleted_name_is_free_again(group: BusinessGroup) -> None:
    deployed(group, "fail-web")
    requested(group, "fail-web")
    instances.delete(instance_id=deployed(group).pk, at=AT)

    assert requested(group).state == Instance.State.REQUESTED


def test_deleting_twice_deletes_once(group: BusinessGroup) -> None:
    instance = deployed(group)

    instances.delete(instance_id=instance.pk, at=AT)
    again = instances.delete(instance_id=instance.pk, at=datetime(2026, 3, 2, tzinfo=UTC))

    assert again.state == Instance.State.DELETED
    assert again.deleted_at == AT


def test_what_does_not_run_is_not_deleted(group: BusinessGroup) -> None:
    instance = requested(group)

    with pytest.raises(NotRunning):
        instances.delete(instance_id=instance.pk, at=AT)

    assert Instance.objects.get().state == Instance.State.REQUESTED


class CloudThatIsOut:
    """A driver whose cloud does not answer."""

    def deploy(self, machine: Machine) -> Deployed:
        raise CloudUnreachable

    def remove(self, reference: str) -> None:
        raise CloudUnreachable


def test_removal_is_asked_again_until_the_cloud_confirms(
    group: BusinessGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = instances.delete(instance_id=deployed(group).pk, at=AT)
    with monkeypatch.context() as out:
        out.setitem(DRIVERS, "simulated", CloudThatIsOut())
        assert not instances.remove(instance_id=instance.pk, at=AT)
        assert Instance.objects.get().removed_at is None

    assert instances.remove(instance_id=instance.pk, at=AT)
    assert Instance.objects.get().removed_at == AT


ATTACKS = [
    ("back to life", "UPDATE resources_instance SET state = 'RUNNING' WHERE id = {id}"),
    ("larger than paid for", "UPDATE resources_instance SET vcpu = 64 WHERE id = {id}"),
    (
        "to another tenant",
        "UPDATE resources_instance SET tenant_id = {globex} WHERE id = {id}",
    ),
    ("removed", "DELETE FROM resources_instance WHERE id = {id}"),
    (
        "born running",
        "INSERT INTO resources_instance (tenant_id, business_group_id, name, vcpu,"
        " memory_gib, disk_gib, has_public_ip, state, failure, driver, deployed_at)"
        " SELECT tenant_id, business_group_id, 'x', 1, 1, 10, false, 'RUNNING', '',"
        " 'simulated', now()"
        " FROM resources_instance WHERE id = {id}",
    ),
    (
        "for a group of another tenant",
        "INSERT INTO resources_instance (tenant_id, business_group_id, name, vcpu,"
        " memory_gib, disk_gib, has_public_ip, state, failure, driver) SELECT {globex},"
        " business_group_id, 'x', 1, 1, 10, false, 'REQUESTED', '', 'simulated'"
        " FROM resources_instance WHERE id = {id}",
    ),
]


@pytest.mark.parametrize(("_case", "sql"), ATTACKS)
def test_the_database_refuses(
    _case: str, sql: str, group: BusinessGroup, globex: Tenant
) -> None:
    instance = deployed(group, "fail-web")

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(id=instance.pk, globex=globex.pk))

    assert Instance.objects.values_list("id", "state", "vcpu").get() == (
        instance.pk,
        Instance.State.FAILED,
        2,
    )
