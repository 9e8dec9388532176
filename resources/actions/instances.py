"""What happens to instances: requested, built, running or failed, deleted, removed."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cmp.lib import jobs
from cmp.lib.errors import DomainError, refusals
from resources.drivers import DRIVERS
from resources.drivers.base import CloudUnreachable, DeploymentFailed, Machine
from resources.models import Instance


class NameTaken(DomainError):
    """A living instance of the tenant has that name."""


class NotRunning(DomainError):
    """Only an instance that runs can be deleted."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an instance is made of."""

    vcpu: int
    memory_gib: int
    disk_gib: int
    has_public_ip: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a driver answered: an address, or why not."""

    address: str | None = None
    failure: str = ""


@transaction.atomic
def request(
    *, tenant_id: int, business_group_id: int, name: str, shape: Shape, at: datetime
) -> Instance:
    """Record that an instance is wanted; nothing is built yet. Raises `NameTaken`."""
    taken = NameTaken(f"An instance named “{name}” exists already.")
    with refusals({"one_living_instance_per_tenant_and_name": taken}), transaction.atomic():
        return Instance.objects.create(
            tenant_id=tenant_id,
            business_group_id=business_group_id,
            name=name,
            vcpu=shape.vcpu,
            memory_gib=shape.memory_gib,
            disk_gib=shape.disk_gib,
            has_public_ip=shape.has_public_ip,
            created_at=at,
        )


@transaction.atomic
def begin(*, instance_id: int) -> Instance:
    """Note the intent to build; repeating it, also after a crash, changes nothing."""
    instance = Instance.objects.select_for_update(no_key=True).get(pk=instance_id)
    if instance.state == Instance.State.REQUESTED:
        instance.state = Instance.State.DEPLOYING
        instance.save(update_fields=["state"])
    return instance


def build(instance: Instance) -> Outcome:
    """Ask the driver, outside of any transaction; raises `CloudUnreachable`."""
    try:
        deployed = DRIVERS[instance.driver].deploy(_machine(instance))
    except DeploymentFailed as refusal:
        return Outcome(failure=str(refusal)[:300])
    return Outcome(address=deployed.address)


@transaction.atomic
def finish(*, instance_id: int, outcome: Outcome, at: datetime) -> Instance:
    """Record what the driver answered; the first answer stays."""
    instance = Instance.objects.select_for_update(no_key=True).get(pk=instance_id)
    if not instance.is_in_progress:
        return instance
    if outcome.address is None:
        instance.state, instance.failure = Instance.State.FAILED, outcome.failure
        jobs.enqueue("resources.tasks.remove_instance", instance_id=instance.pk)
    else:
        instance.state, instance.address = Instance.State.RUNNING, outcome.address
        instance.deployed_at = at
    instance.save(update_fields=["state", "failure", "address", "deployed_at"])
    return instance


@transaction.atomic
def delete(*, instance_id: int, at: datetime) -> Instance:
    """Delete a running instance; deleting again changes nothing. Raises `NotRunning`."""
    instance = Instance.objects.select_for_update(no_key=True).get(pk=instance_id)
    if instance.state == Instance.State.DELETED:
        return instance
    if not instance.is_running:
        raise NotRunning(f"“{instance.name}” does not run, so there is nothing to delete.")
    instance.state, instance.deleted_at = Instance.State.DELETED, at
    instance.save(update_fields=["state", "deleted_at"])
    jobs.enqueue("resources.tasks.remove_instance", instance_id=instance.pk)
    return instance


def remove(*, instance_id: int, at: datetime) -> bool:
    """Let the driver take away what was built; True once it has confirmed."""
    instance = Instance.objects.get(pk=instance_id)
    if instance.removed_at is not None:
        return True
    assert instance.state in {Instance.State.FAILED, Instance.State.DELETED}
    try:
        DRIVERS[instance.driver].remove(_reference(instance))
    except CloudUnreachable:
        return False
    Instance.objects.filter(pk=instance_id, removed_at=None).update(removed_at=at)
    return True


def _machine(instance: Instance) -> Machine:
    return Machine(
        reference=_reference(instance),
        name=instance.name,
        vcpu=instance.vcpu,
        memory_gib=instance.memory_gib,
        disk_gib=instance.disk_gib,
        has_public_ip=instance.has_public_ip,
    )


def _reference(instance: Instance) -> str:
    return f"instance-{instance.pk}"
