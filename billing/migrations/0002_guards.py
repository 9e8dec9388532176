"""The charge table and the rules of what is owed: see `billing/sql/0002_guards/`.

The files are part of this migration and never change; a later rule is a later migration.
"""

from pathlib import Path

from django.db import migrations, models

FOLDER = Path(__file__).resolve().parent.parent / "sql" / "0002_guards"
FORWARD = ["01_charges.sql", "02_subscriptions.sql", "03_orders.sql", "04_roles.sql"]


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "\n".join((FOLDER / name).read_text() for name in FORWARD),
                    (FOLDER / "reverse.sql").read_text(),
                )
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Charge",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "hour",
                                "subscription_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("hour", models.DateTimeField()),
                        ("subscription_id", models.BigIntegerField()),
                        ("fund_pot_id", models.BigIntegerField()),
                        ("tenant_id", models.BigIntegerField()),
                        ("rate_id", models.BigIntegerField()),
                        ("seconds", models.IntegerField()),
                        ("price_version_id", models.IntegerField()),
                        ("amount", models.DecimalField(decimal_places=6, max_digits=20)),
                    ],
                ),
            ],
        )
    ]
