"""What the test databases promise to every other test."""

import threading

import psycopg
import pytest
from django.db import connection, transaction
from psycopg import errors

from accounts.models import Tenant
from tests.databases import Database, Role, clone
from tests.factories.accounts import TenantFactory


@pytest.mark.django_db
def test_ordinary_tests_are_the_application_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text, session_user::text")

        assert cursor.fetchone() == ("cmp_app", "cmp_app")


@pytest.mark.parametrize(
    ("role", "name"),
    [("app", "cmp_app"), ("owner", "cmp_owner"), ("superuser", "postgres")],
)
def test_each_role_reaches_the_clone(committed_db: Database, role: Role, name: str) -> None:
    row = committed_db.connect(role).execute("SELECT current_user, current_database()")

    assert row.fetchone() == (name, committed_db.name)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
    ],
)
def test_the_application_makes_nothing_of_its_own(
    committed_db: Database, statement: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        committed_db.connect("app").execute(statement)


@pytest.mark.parametrize("_round", [1, 2])
def test_what_one_test_commits_no_other_sees(committed_db: Database, _round: int) -> None:
    with transaction.atomic():
        TenantFactory.create(slug="committed")

    with committed_db.connect("app") as other:
        row = other.execute("SELECT count(*), min(slug) FROM accounts_tenant")
        assert row.fetchone() == (1, "committed")


def test_threads_reach_the_clone_too(committed_db: Database, acme: Tenant) -> None:
    seen: list[str] = []

    def look() -> None:
        seen.extend(Tenant.objects.values_list("slug", flat=True))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == ["acme"]


def test_a_clone_is_gone_afterwards_whoever_still_uses_it(
    template_name: str, django_db_setup: None, superuser_connection: psycopg.Connection
) -> None:
    with clone(template_name) as database:
        left_open = psycopg.connect(database.url_app)

    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    found = superuser_connection.execute(
        "SELECT FROM pg_database WHERE datname = %s", [database.name]
    )
    assert found.fetchone() is None
