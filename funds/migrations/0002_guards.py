"""The rules of money, in the database: see `funds/sql/0002_guards/`, in file order.

The files are part of this migration and never change; a later rule is a later migration.
"""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).resolve().parent.parent / "sql" / "0002_guards"
FORWARD = [
    "01_refuse.sql",
    "02_fund_accounts.sql",
    "03_pots.sql",
    "04_transactions.sql",
    "05_post.sql",
    "06_usage.sql",
    "07_roles.sql",
]


class Migration(migrations.Migration):
    dependencies = [("funds", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "\n".join((FOLDER / name).read_text() for name in FORWARD),
            (FOLDER / "reverse.sql").read_text(),
        )
    ]
