"""Where money is, for reading.

What makes "only a transaction moves a balance" true is the SQL of `0002_guards`.
"""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.access import Grants, Permission
from accounts.models import BusinessGroup, Tenant
from cmp.lib.money import Money
from funds.types import WITHIN_KINDS, Kind, PotKind

OWNER_GRANTS: Grants = frozenset(
    {
        Permission.RECHARGE,
        Permission.VIEW_FUND_ACCOUNTS,
        Permission.VIEW_RECHARGES,
        Permission.VIEW_TRANSACTIONS,
    }
)


class FundAccount(models.Model):
    """A wallet: one tenant, one currency, one owner, one or more business groups.

    Creating one creates its two pots. Tenant, kind and currency never change; a deleted
    one stays readable and can never be changed again.
    """

    class Kind(models.TextChoices):
        PREPAID = "PREPAID", _("Prepaid")
        POSTPAID = "POSTPAID", _("Postpaid")
        FLEXIBLE = "FLEXIBLE", _("Flexible")

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="fund_accounts")
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True, default="")
    kind = models.CharField(max_length=10, choices=Kind)
    currency = models.CharField(max_length=3)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="owned_fund_accounts"
    )
    # How far below zero purchases may go; the pot's floor follows it.
    credit_limit = models.DecimalField(max_digits=20, decimal_places=6, default=Decimal(0))
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    id: int
    tenant_id: int
    owner_id: int

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                condition=Q(deleted_at__isnull=True),
                name="fund_account_name_is_unique_in_its_tenant",
            ),
            # What the composite foreign keys of pots and group links point at.
            models.UniqueConstraint(
                fields=["id", "tenant"], name="fund_account_with_its_tenant"
            ),
            models.UniqueConstraint(
                fields=["id", "tenant", "currency"],
                name="fund_account_with_its_currency",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["PREPAID", "POSTPAID", "FLEXIBLE"]),
                name="fund_account_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                name="fund_account_currency_is_a_code",
            ),
            models.CheckConstraint(
                condition=Q(name__regex=r"\S"), name="fund_account_has_a_name"
            ),
            # NaN passes every lower bound in PostgreSQL: bound both sides.
            models.CheckConstraint(
                condition=Q(credit_limit__gte=0, credit_limit__lt=Decimal("1e13"))
                & (Q(credit_limit=0) | ~Q(kind="PREPAID")),
                name="fund_account_credit_limit_is_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def number(self) -> str:
        return f"FA-{self.pk}"

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_prepaid(self) -> bool:
        return self.kind == self.Kind.PREPAID

    def personal_permissions(self, user_id: int) -> Grants:
        """What owning this fund account allows (`accounts.access`)."""
        return OWNER_GRANTS if user_id == self.owner_id else frozenset()


class FundAccountGroup(models.Model):
    """A business group paying from a fund account, until it is unlinked.

    A group has at most one link at a time; links that ended stay as history.
    """

    # The composite foreign keys of `0002_guards` stand for these.
    fund_account = models.ForeignKey(
        FundAccount, models.PROTECT, related_name="links", db_constraint=False
    )
    business_group = models.ForeignKey(
        BusinessGroup, models.PROTECT, related_name="fund_links", db_constraint=False
    )
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, related_name="+", db_constraint=False
    )
    linked_at = models.DateTimeField()
    unlinked_at = models.DateTimeField(null=True, blank=True)

    business_group_id: int
    fund_account_id: int

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["business_group"],
                condition=Q(unlinked_at__isnull=True),
                name="group_has_at_most_one_fund_account",
            ),
            models.CheckConstraint(
                condition=Q(unlinked_at__isnull=True) | Q(unlinked_at__gte=F("linked_at")),
                name="fund_account_group_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_group} pays from {self.fund_account}"


class Pot(models.Model):
    """A place money moves between: who it belongs to and how low it may go.

    A system pot has tenant 0 and no fund account; its balance is a sum, so it is
    untracked and has no `PotBalance`.
    """

    # Not a foreign key: 0 stands for the operator.
    tenant_id = models.BigIntegerField()
    kind = models.SmallIntegerField(choices=PotKind)
    # The composite foreign key of `0002_guards` stands for it.
    fund_account = models.ForeignKey(
        FundAccount,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="pots",
        db_constraint=False,
    )
    currency = models.CharField(max_length=3)
    is_tracked = models.BooleanField()
    floor = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    usage_floor = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True
    )

    id: int
    fund_account_id: int | None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fund_account", "kind"],
                condition=Q(fund_account__isnull=False),
                name="one_pot_per_fund_account_and_kind",
            ),
            models.UniqueConstraint(
                fields=["kind", "currency"],
                condition=Q(fund_account__isnull=True),
                name="one_system_pot_per_kind_and_currency",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[1, 2, 10, 11, 12, 13, 14, 15, 16]),
                name="pot_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(kind__lt=10, is_tracked=True, fund_account__isnull=False)
                & ~Q(tenant_id=0)
                | Q(kind__gte=10, is_tracked=False, fund_account__isnull=True, tenant_id=0),
                name="pot_is_a_fund_account_s_or_the_system_s",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="pot_currency_is_a_code"
            ),
            models.CheckConstraint(
                condition=Q(floor__isnull=True)
                | Q(
                    is_tracked=True,
                    floor__gt=Decimal("-1e13"),
                    floor__lt=Decimal("1e13"),
                ),
                name="pot_floor_is_sane",
            ),
            models.CheckConstraint(
                condition=Q(usage_floor__isnull=True)
                | Q(usage_floor__lte=F("floor"), usage_floor__gt=Decimal("-1e13")),
                name="pot_usage_floor_is_sane",
            ),
            models.CheckConstraint(
                condition=~Q(kind=2) | Q(floor=0, usage_floor=0),
                name="pot_held_never_falls_below_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_kind_display()} {self.currency}"


class PotBalance(models.Model):
    """What is in a tracked pot: written only by the trigger on transactions.

    `charged_through` is the watermark: hourly use is charged up to it, hour by hour.
    """

    pot = models.OneToOneField(
        Pot,
        models.PROTECT,
        primary_key=True,
        related_name="hot",
        db_constraint=False,
    )
    balance = models.DecimalField(max_digits=20, decimal_places=6, default=Decimal(0))
    version = models.BigIntegerField(default=0)
    charged_through = models.DateTimeField(null=True, blank=True)

    pot_id: int

    def __str__(self) -> str:
        return f"pot {self.pot_id}: {self.balance}"


class Transaction(models.Model):
    """One movement of money between two pots; rows are never changed or removed.

    For each tracked side it states that pot's next version and its balance after it.
    `occurred_at` is when it counts: for hourly usage the end of the hour it charges.
    """

    tenant_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    source = models.ForeignKey(
        Pot, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    target = models.ForeignKey(
        Pot, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    kind = models.SmallIntegerField(choices=Kind)
    occurred_at = models.DateTimeField()
    posted_at = models.DateTimeField(db_default=Now())
    key = models.TextField(db_collation="C")
    reference = models.TextField(blank=True, default="")
    reverses = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reversals",
        db_constraint=False,
        db_index=False,
    )
    source_version = models.BigIntegerField(null=True, blank=True)
    source_balance_after = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True
    )
    target_version = models.BigIntegerField(null=True, blank=True)
    target_balance_after = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True
    )

    id: int
    source_id: int
    target_id: int
    reverses_id: int | None

    class Meta:
        # No CHECKs: the trigger judges the same rules for sets and single rows alike, and
        # each CHECK costs every posting (docs/adr/0004).
        constraints = [
            models.UniqueConstraint(fields=["key"], name="transaction_key_is_used_once"),
            models.UniqueConstraint(
                fields=["source", "source_version"],
                condition=Q(source_version__isnull=False),
                name="transaction_source_version_is_used_once",
            ),
            models.UniqueConstraint(
                fields=["target", "target_version"],
                condition=Q(target_version__isnull=False),
                name="transaction_target_version_is_used_once",
            ),
            models.UniqueConstraint(
                fields=["reverses"],
                condition=Q(reverses__isnull=False),
                name="transaction_is_reversed_at_most_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["tenant_id", "occurred_at", "id"], name="transaction_tenant_list"
            ),
            models.Index(fields=["occurred_at", "id"], name="transaction_list"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.get_kind_display()} {self.money}"

    @property
    def number(self) -> str:
        return f"T-{self.pk}"

    @property
    def money(self) -> Money:
        """The amount moved, always positive."""
        return Money(self.amount, self.currency)

    @property
    def fund_account(self) -> FundAccount | None:
        """The one fund account it concerns; None between two system pots."""
        return self.source.fund_account or self.target.fund_account

    @property
    def is_within(self) -> bool:
        """Whether the money stays in its fund account (holds)."""
        return self.kind in WITHIN_KINDS

    @property
    def is_income(self) -> bool:
        return self.source_version is None and self.target_version is not None

    @property
    def is_expenditure(self) -> bool:
        return self.source_version is not None and self.target_version is None

    @property
    def takes_from_available(self) -> bool:
        return self.is_expenditure or self.kind == Kind.HOLD

    @property
    def change(self) -> Money:
        """What it did to the available money; between system pots, the amount."""
        return -self.money if self.takes_from_available else self.money

    @property
    def available_after(self) -> Money | None:
        """What was available in the fund account after it; None between system pots."""
        after = (
            self.source_balance_after
            if self.takes_from_available
            else self.target_balance_after
        )
        return None if after is None else Money(after, self.currency)

    @property
    def available_before(self) -> Money | None:
        after = self.available_after
        return None if after is None else after - self.change

    @property
    def version(self) -> int | None:
        """The number of this movement in the available pot's own count."""
        return self.source_version if self.takes_from_available else self.target_version
