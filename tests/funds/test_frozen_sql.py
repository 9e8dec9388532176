"""The SQL of a migration is part of it: a later rule is a later migration."""

from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "funds" / "sql" / "0002_guards"
FROZEN = {
    "01_refuse.sql": "3c71745408faa6e3",
    "02_fund_accounts.sql": "4c8006f7a4312f0d",
    "03_pots.sql": "b81d7e41c655f13e",
    "04_transactions.sql": "f24afdcca82ff7ce",
    "05_post.sql": "554e4b3e2773a9e0",
    "06_usage.sql": "e3d7cabbd0404260",
    "07_roles.sql": "40c80cf35598f88b",
    "reverse.sql": "9b5e4692f6e4239d",
}


def test_the_sql_of_the_guards_does_not_change_after_it_ran() -> None:
    found = {
        path.name: sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted(FOLDER.glob("*.sql"))
    }

    assert found == FROZEN
