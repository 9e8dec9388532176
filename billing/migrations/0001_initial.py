"""Orders, subscriptions, rates and the rows by which runs share their work."""

from decimal import Decimal

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0002_audit_is_append_only"),
        ("funds", "0002_guards"),
        ("pricing", "0002_published_prices_stay"),
        ("resources", "0002_instances_move_forward"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name="HourBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("first_pot_id", models.BigIntegerField()),
                ("last_pot_id", models.BigIntegerField()),
                ("planned_at", models.DateTimeField()),
                ("charged_at", models.DateTimeField(blank=True, null=True)),
                ("charges", models.PositiveIntegerField(default=0)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("charged_at__isnull", True)),
                        fields=["hour", "id"],
                        name="batches_to_charge",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first_pot_id__lte", models.F("last_pot_id"))),
                        name="batch_range_is_a_range",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("NEW", "New purchase")], default="NEW", max_length=10
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("PENDING_PAYMENT", "Pending payment"),
                            ("PROCESSING", "Processing"),
                            ("COMPLETED", "Completed"),
                            ("CANCELLED", "Cancelled"),
                            ("FAILED", "Failed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("form_key", models.UUIDField()),
                ("name", models.CharField(max_length=60)),
                ("vcpu", models.PositiveSmallIntegerField()),
                ("memory_gib", models.PositiveSmallIntegerField()),
                ("disk_gib", models.PositiveIntegerField()),
                ("has_public_ip", models.BooleanField(default=False)),
                (
                    "sale",
                    models.CharField(
                        choices=[("HOURLY", "Hourly"), ("TERM", "One month")], max_length=10
                    ),
                ),
                ("months", models.PositiveSmallIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=6, max_digits=20)),
                ("per_second", models.DecimalField(decimal_places=12, max_digits=20)),
                ("lines", models.JSONField(default=list)),
                ("needs_payment", models.BooleanField()),
                (
                    "hold_amount",
                    models.DecimalField(
                        decimal_places=6, default=Decimal("0"), max_digits=20
                    ),
                ),
                ("hold_id", models.BigIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failure", models.CharField(blank=True, default="", max_length=300)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                (
                    "business_group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="accounts.businessgroup",
                    ),
                ),
                (
                    "fund_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="funds.fundaccount",
                    ),
                ),
                (
                    "instance",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order",
                        to="resources.instance",
                    ),
                ),
                (
                    "price_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="pricing.priceversion",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="pricing.product",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="accounts.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("SUBMITTED", "Order submitted"),
                            ("PAID", "Amount held from the fund account"),
                            ("DEPLOYING", "Deployment started"),
                            ("RETRIED", "Deployment tried again"),
                            ("CAPTURED", "Held amount deducted"),
                            ("RELEASED", "Held amount released"),
                            ("COMPLETED", "Instance runs"),
                            ("FAILED", "Deployment failed, nothing was charged"),
                            ("CANCELLED", "Order cancelled"),
                            ("ENDED", "Instance deleted, charging ended"),
                        ],
                        max_length=20,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("actor_name", models.CharField(blank=True, default="", max_length=254)),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="billing.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Parking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("reason", models.CharField(max_length=300)),
                ("parked_at", models.DateTimeField()),
                ("last_tried_at", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=1)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "fund_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parkings",
                        to="funds.fundaccount",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PriceAdoption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("adopted_at", models.DateTimeField()),
                (
                    "price_version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adoption",
                        to="pricing.priceversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("fund_pot_id", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "sale",
                    models.CharField(
                        choices=[("HOURLY", "Hourly"), ("TERM", "One month")], max_length=10
                    ),
                ),
                ("quantities", models.JSONField()),
                ("billed_from", models.DateTimeField()),
                ("billed_until", models.DateTimeField(blank=True, null=True)),
                ("term_until", models.DateTimeField(blank=True, null=True)),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="resources.instance",
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscription",
                        to="billing.order",
                    ),
                ),
                (
                    "price_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="pricing.priceversion",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="accounts.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Rate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField(blank=True, null=True)),
                ("per_second", models.DecimalField(decimal_places=12, max_digits=20)),
                (
                    "price_version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rates",
                        to="pricing.priceversion",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rates",
                        to="billing.subscription",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["tenant", "-created_at", "-id"], name="orders_of_a_tenant"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["-created_at", "-id"], name="orders_newest_first"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("state__in", ["PENDING_PAYMENT", "PROCESSING"])),
                fields=["next_attempt_at", "id"],
                name="orders_to_sweep",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("form_key",), name="one_order_per_form"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("hold_id__isnull", False)),
                fields=("hold_id",),
                name="one_order_per_hold",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("amount__lt", Decimal("1E+13"))),
                name="order_amount_is_sane",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("months", 0), ("per_second__gt", 0), ("sale", "HOURLY")),
                    models.Q(("months__gt", 0), ("per_second", 0), ("sale", "TERM")),
                    _connector="OR",
                ),
                name="order_is_hourly_or_for_a_term",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("hold_amount__gte", models.F("amount")), ("needs_payment", True)
                    ),
                    models.Q(
                        ("hold_amount", 0),
                        ("hold_id__isnull", True),
                        ("needs_payment", False),
                    ),
                    _connector="OR",
                ),
                name="order_holds_what_it_costs",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["PROCESSING", "COMPLETED"]), _negated=True),
                    models.Q(
                        ("instance__isnull", False),
                        models.Q(
                            ("needs_payment", False),
                            models.Q(
                                ("hold_id__isnull", False), ("paid_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="order_is_paid_before_it_is_worked_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("finished_at__isnull", True),
                        ("state__in", ["PENDING_PAYMENT", "PROCESSING"]),
                    ),
                    models.Q(
                        ("finished_at__isnull", False),
                        ("state__in", ["COMPLETED", "CANCELLED", "FAILED"]),
                    ),
                    _connector="OR",
                ),
                name="order_is_finished_once_it_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="orderevent",
            index=models.Index(fields=["order", "at", "id"], name="timeline_of_an_order"),
        ),
        migrations.AddConstraint(
            model_name="parking",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=("fund_account",),
                name="a_fund_account_is_parked_once",
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("sale", "HOURLY")),
                fields=["fund_pot_id"],
                include=("id", "billed_from", "billed_until"),
                name="hourly_subscriptions_of_a_pot",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sale", "HOURLY"), ("term_until__isnull", True)),
                    models.Q(("sale", "TERM"), ("term_until__gt", models.F("billed_from"))),
                    _connector="OR",
                ),
                name="subscription_is_hourly_or_for_a_term",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("billed_until__isnull", True),
                    ("billed_until__gte", models.F("billed_from")),
                    _connector="OR",
                ),
                name="subscription_ends_after_it_began",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("instance", "="),
                    (
                        models.Func(
                            models.F("billed_from"),
                            django.db.models.functions.comparison.Coalesce(
                                "billed_until", "term_until"
                            ),
                            function="TSTZRANGE",
                            output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="an_instance_is_paid_for_once",
            ),
        ),
        migrations.AddIndex(
            model_name="rate",
            index=models.Index(
                fields=["subscription", "valid_from"],
                include=("valid_until", "per_second", "price_version", "id"),
                name="rates_of_a_subscription",
            ),
        ),
        migrations.AddConstraint(
            model_name="rate",
            constraint=models.CheckConstraint(
                condition=models.Q(("per_second__gte", 0), ("per_second__lt", 100000000)),
                name="rate_is_a_sane_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="rate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until__isnull", True),
                    ("valid_until__gt", models.F("valid_from")),
                    _connector="OR",
                ),
                name="rate_ends_after_it_began",
            ),
        ),
        migrations.AddConstraint(
            model_name="rate",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("subscription", "="),
                    (
                        models.Func(
                            models.F("valid_from"),
                            models.F("valid_until"),
                            function="TSTZRANGE",
                            output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="a_second_has_one_rate",
            ),
        ),
    ]
