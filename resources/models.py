"""What runs: instances on the operator's clouds. Knows no money."""

from typing import Final

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

VCPU_MAX: Final = 64
MEMORY_GIB_MAX: Final = 512
DISK_GIB_MIN: Final = 10
DISK_GIB_MAX: Final = 4000


class Instance(models.Model):
    """A server that a business group requested; moves through its states once each.

    A driver builds and removes it on some cloud. `removed_at` says that the driver has
    confirmed the removal of a deleted or failed one; until then the sweep asks again.
    """

    class State(models.TextChoices):
        REQUESTED = "REQUESTED", _("Requested")
        DEPLOYING = "DEPLOYING", _("Deploying")
        RUNNING = "RUNNING", _("Running")
        FAILED = "FAILED", _("Failed")
        DELETED = "DELETED", _("Deleted")

    tenant = models.ForeignKey("accounts.Tenant", models.PROTECT, related_name="instances")
    business_group = models.ForeignKey(
        "accounts.BusinessGroup", models.PROTECT, related_name="instances"
    )
    name = models.CharField(max_length=60)
    vcpu = models.PositiveSmallIntegerField()
    memory_gib = models.PositiveSmallIntegerField()
    disk_gib = models.PositiveIntegerField()
    has_public_ip = models.BooleanField(default=False)
    address = models.GenericIPAddressField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    failure = models.CharField(max_length=300, blank=True, default="")
    driver = models.CharField(max_length=20, default="simulated")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    deployed_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                condition=~Q(state__in=["FAILED", "DELETED"]),
                name="one_living_instance_per_tenant_and_name",
            ),
            models.CheckConstraint(
                condition=Q(vcpu__range=(1, VCPU_MAX))
                & Q(memory_gib__range=(1, MEMORY_GIB_MAX))
                & Q(disk_gib__range=(DISK_GIB_MIN, DISK_GIB_MAX)),
                name="instance_has_a_size_we_build",
            ),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$"),
                name="instance_name_is_a_host_name",
            ),
            models.CheckConstraint(
                condition=~Q(state="RUNNING") | Q(deployed_at__isnull=False),
                name="running_instance_was_deployed",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(deleted_at__gte=F("created_at")),
                name="instance_is_deleted_after_it_was_made",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "-created_at", "-id"], name="instances_of_a_tenant"
            ),
            models.Index(
                fields=["id"],
                condition=Q(state__in=["FAILED", "DELETED"], removed_at__isnull=True),
                name="instances_to_remove",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def is_in_progress(self) -> bool:
        return self.state in {self.State.REQUESTED, self.State.DEPLOYING}
