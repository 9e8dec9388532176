"""Who: tenants, their business groups and people, and the log of what people changed."""

from collections.abc import Collection
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from cmp.lib.money import is_currency


class UserQueries(BaseUserManager["User"]):
    """Making people; Django asks for a manager here."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username or "")


class User(AbstractBaseUser):
    """A person who can sign in, by e-mail; belongs to tenants through memberships."""

    class StaffRole(models.TextChoices):
        PLATFORM_ADMIN = "PLATFORM_ADMIN", _("Platform admin")
        BILLING_ADMIN = "BILLING_ADMIN", _("Billing admin")
        SUPPORT = "SUPPORT", _("Support")
        AUDITOR = "AUDITOR", _("Auditor")

    class Theme(models.TextChoices):
        DEVICE = "", _("Same as device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120)
    staff_role = models.CharField(max_length=20, choices=StaffRole, blank=True, default="")
    language = models.CharField(max_length=8, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    theme = models.CharField(max_length=5, choices=Theme, blank=True, default=Theme.DEVICE)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserQueries()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_person_per_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_operator(self) -> bool:
        """Whether this person works for the operator and so reaches every tenant."""
        return bool(self.staff_role)

    @property
    def initials(self) -> str:
        words = (self.name or self.email).split()
        return "".join(word[0] for word in words[:2]).upper()


class Tenant(models.Model):
    """A client of the operator, isolated from every other."""

    class Kind(models.TextChoices):
        INDIVIDUAL = "INDIVIDUAL", _("Individual")
        ORGANIZATION = "ORGANIZATION", _("Organization")

    class BillingPlan(models.TextChoices):
        PREPAID = "PREPAID", _("Prepaid")
        POSTPAID = "POSTPAID", _("Postpaid")
        FLEXIBLE = "FLEXIBLE", _("Flexible")

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=60, default="UTC")
    # The preset for new fund accounts; a fund account's own type decides (design.md 2).
    billing_plan = models.CharField(
        max_length=10, choices=BillingPlan, default=BillingPlan.PREPAID
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), name="one_tenant_per_name"),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"),
                name="tenant_currency_is_a_code",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        super().clean_fields(exclude)
        assert is_currency(self.currency), f"unknown currency {self.currency!r}"


class BusinessGroup(models.Model):
    """A part of a tenant whose members request resources."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="business_groups")
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant", Lower("name"), name="one_group_per_tenant_and_name"
            ),
            # What composite foreign keys point at, so that no row can mix two tenants.
            models.UniqueConstraint(fields=["id", "tenant"], name="group_with_its_tenant"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's place in a tenant: a role and the business groups they act in."""

    class Role(models.TextChoices):
        TENANT_ADMIN = "TENANT_ADMIN", _("Tenant administrator")
        BILLING_MANAGER = "BILLING_MANAGER", _("Billing manager")
        MEMBER = "MEMBER", _("Member")
        VIEWER = "VIEWER", _("Viewer")

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    groups = models.ManyToManyField(BusinessGroup, related_name="memberships", blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user"], name="one_membership_per_tenant_and_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}"


class AuditEntry(models.Model):
    """Who changed what, when, from what to what. Rows are never changed or removed."""

    at = models.DateTimeField()
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    # Text, so that an entry reads the same after the person's name changed.
    actor_name = models.CharField(max_length=254)
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True, default="")
    origin = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest_first"),
            models.Index(fields=["subject", "-id"], name="audit_of_a_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.subject}"
