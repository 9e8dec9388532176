"""The rules of payments, in the database: see `payments/sql/0002_guards/`, in file order.

The files are part of this migration and never change; a later rule is a later migration.
"""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).resolve().parent.parent / "sql" / "0002_guards"
FORWARD = [
    "01_refuse.sql",
    "02_channels.sql",
    "03_recharges.sql",
    "04_inbox.sql",
    "05_roles.sql",
]


class Migration(migrations.Migration):
    # The composite foreign key needs the unique keys that funds declares.
    dependencies = [("payments", "0001_initial"), ("funds", "0002_guards")]

    operations = [
        migrations.RunSQL(
            "\n".join((FOLDER / name).read_text() for name in FORWARD),
            (FOLDER / "reverse.sql").read_text(),
        )
    ]
