"""A dump is worth what its restore proves: the same rows, guards and rights."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.utils import timezone

from accounts.actions import audit
from accounts.models import User
from cmp.lib import backups
from funds.models import FundAccount
from tests.databases import Database
from tests.factories.funds import put_in

ROOT = Path(__file__).resolve().parents[2]
RIGHTS = """
SELECT grantee, table_name, privilege_type FROM information_schema.table_privileges
WHERE table_schema = 'public' AND grantee IN ('cmp_app', 'PUBLIC')
UNION ALL
SELECT grantee, routine_name, privilege_type FROM information_schema.routine_privileges
WHERE routine_schema = 'public' AND grantee IN ('cmp_app', 'PUBLIC')
UNION ALL
SELECT 'cmp_app', 'schema', has_schema_privilege('cmp_app', 'public', 'CREATE')::text
UNION ALL
SELECT 'cmp_app', 'temporary',
  has_database_privilege('cmp_app', current_database(), 'TEMPORARY')::text
"""
GUARDS = """
SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger
WHERE NOT tgisinternal
UNION ALL
-- A CHECK with IN (…) is spelt in another way after it was read back.
SELECT conrelid::regclass::text, conname,
  CASE contype WHEN 'c' THEN convalidated::text ELSE pg_get_constraintdef(oid) END
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT tablename, indexname, split_part(indexdef, ' WHERE ', 1) FROM pg_indexes
WHERE schemaname = 'public'
UNION ALL
SELECT proname, prosecdef::text, proconfig::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT defaclobjtype::text, defaclrole::regrole::text, defaclacl::text FROM pg_default_acl
"""

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def manage(committed_db: Database) -> Command:
    """Run a command on this test's database as an operator does."""

    def run(*words: str, url: str = "") -> subprocess.CompletedProcess[str]:
        env = os.environ | {
            "DATABASE_URL": url or committed_db.url_app,
            "DATABASE_OWNER_URL": committed_db.url_owner,
        }
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def restored_name(committed_db: Database) -> Iterator[str]:
    """The name of the database to restore into; dropped with the test."""
    name = f"{committed_db.name}_restored"
    yield name
    with psycopg.connect(server_url(committed_db, "postgres"), autocommit=True) as line:
        line.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def server_url(database: Database, name: str) -> str:
    return database.url_owner.replace(f"/{database.name}", f"/{name}")


def backup(manage: Command, folder: Path) -> dict[str, Any]:
    done = manage("backup", "--into", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def found(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as line:
        return sorted(map(str, line.execute(query).fetchall()))


def note(actor: User, verb: str) -> None:
    with transaction.atomic():
        audit.record(actor=actor, verb=verb, subject="test:1", at=timezone.now())


def test_a_restore_brings_back_rows_guards_and_rights(
    manage: Command, committed_db: Database, restored_name: str, tmp_path: Path, sam: User
) -> None:
    """Dump, go on working, restore beside it: the state of the dump, and nothing weaker."""
    note(sam, "before.dump")
    told = backup(manage, tmp_path)
    note(sam, "after.dump")

    done = manage("restore", told["file"], "--into", restored_name, "--json")

    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["ok"], answer["database"], answer["differences"]) == (
        True,
        restored_name,
        [],
    )
    there, here = server_url(committed_db, restored_name), committed_db.url_owner
    verbs = "SELECT verb FROM accounts_auditentry"
    assert found(there, verbs) == ["('before.dump',)"]
    assert found(here, verbs) == ["('after.dump',)", "('before.dump',)"]
    assert found(there, RIGHTS) == found(here, RIGHTS)
    assert found(there, GUARDS) == found(here, GUARDS)
    assert told["rows"] > 1
    assert told["tables"] > 20


def test_the_restored_database_works_and_stays_guarded(
    manage: Command, committed_db: Database, restored_name: str, tmp_path: Path
) -> None:
    """Dump days of business, go on with it, restore: the books hold as they were then.

    F68: and no right is there that was not before.
    """
    assert manage("load_demo").returncode == 0
    balances = "SELECT pot_id, balance, version, charged_through FROM funds_potbalance"
    then = found(committed_db.url_owner, balances)
    told = backup(manage, tmp_path)
    put_in(FundAccount.objects.earliest("id"), "55.00", at=timezone.now())
    restored = manage("restore", told["file"], "--into", restored_name)
    url = committed_db.url_app.replace(f"/{committed_db.name}", f"/{restored_name}")

    migrations = manage("migrate", "--check", url=url)
    books = manage("audit_books", "--json", url=url)

    assert restored.returncode == 0, restored.stderr
    assert migrations.returncode == 0, migrations.stderr
    assert books.returncode == 0, books.stdout
    assert json.loads(books.stdout)["ok"] is True
    assert found(url, balances) == then != found(committed_db.url_owner, balances)
    for attack in (
        "UPDATE funds_potbalance SET balance = 1000000",
        "DELETE FROM funds_transaction",
        "CREATE TABLE public.mine (id int)",
    ):
        with psycopg.connect(url) as line, pytest.raises(psycopg.Error):
            line.execute(attack)


def test_a_dump_that_was_changed_is_refused(
    manage: Command, committed_db: Database, restored_name: str, tmp_path: Path, sam: User
) -> None:
    told = backup(manage, tmp_path)
    dump = Path(told["file"])
    dump.write_bytes(dump.read_bytes()[:-1] + b"x")

    done = manage("restore", told["file"], "--into", restored_name)

    assert done.returncode == 2
    assert "SHA-256 differs" in done.stderr
    assert not exists(committed_db, restored_name)


def test_a_restore_never_goes_over_a_database(
    manage: Command, committed_db: Database, tmp_path: Path, sam: User
) -> None:
    note(sam, "before.dump")
    told = backup(manage, tmp_path)

    done = manage("restore", told["file"], "--into", committed_db.name)

    assert done.returncode == 2
    assert "exists; a restore makes a new one" in done.stderr
    assert found(committed_db.url_owner, "SELECT verb FROM accounts_auditentry") == [
        "('before.dump',)"
    ]


def test_a_restore_that_lost_rows_is_noticed(
    manage: Command, committed_db: Database, restored_name: str, tmp_path: Path, sam: User
) -> None:
    """The teeth: a manifest that says more than the dump holds."""
    told = backup(manage, tmp_path)
    manifest = Path(told["file"]).with_suffix(".json")
    said = json.loads(manifest.read_text())
    said["tables"]["accounts_user"]["rows"] += 1
    manifest.write_text(json.dumps(said))

    done = manage("restore", told["file"], "--into", restored_name, "--json")

    assert done.returncode == 1
    (difference,) = json.loads(done.stdout)["differences"]
    assert difference.startswith("accounts_user: 2 rows")


def test_a_dump_without_its_manifest_is_refused(
    manage: Command, committed_db: Database, restored_name: str, tmp_path: Path
) -> None:
    told = backup(manage, tmp_path)
    Path(told["file"]).with_suffix(".json").unlink()

    assert manage("restore", told["file"], "--into", restored_name).returncode == 2
    assert not exists(committed_db, restored_name)


@pytest.mark.parametrize("name", ["UPPER", "a-b", 'a"b', "", "1a", "a" * 64])
def test_odd_names_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.dump").touch()
    manifest = {"made_at": "", "server": "", "sha256": "", "tables": {}}
    (tmp_path / "x.json").write_text(json.dumps(manifest))

    with pytest.raises(backups.BackupRefused, match="no name for a database"):
        backups.restore(file=tmp_path / "x.dump", name=name)


def exists(database: Database, name: str) -> bool:
    query = f"SELECT 1 FROM pg_database WHERE datname = '{name}'"
    return bool(found(server_url(database, "postgres"), query))
