"""F07, F12: pages while the database is locked or gone say so, and nothing changed."""

import pytest
from django.conf import settings
from django.db import close_old_connections, connection
from django.test import Client
from django.urls import reverse

from accounts.models import Tenant, User
from payments.models import PaymentChannel
from tests.access import tables
from tests.databases import Database
from tests.factories import payments as make


@pytest.fixture
def channel(committed_db: Database, acme: Tenant, tina: User) -> PaymentChannel:
    return make.make_channel(tina, acme)


@pytest.fixture
def tinas(tina: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(tina)
    return client


def test_f12_a_page_that_waits_too_long_for_a_lock_says_so_and_changes_nothing(
    channel: PaymentChannel, tinas: Client, committed_db: Database
) -> None:
    disable = reverse("payments_admin:disable-channel", args=[channel.pk])
    before = tables.row_hashes()
    other = committed_db.connect("owner")
    other.execute("SELECT FROM payments_paymentchannel FOR UPDATE")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")

    refused = tinas.post(disable)

    assert refused.status_code == 503
    assert "Nothing was changed" in refused.content.decode()
    other.rollback()
    assert tables.changed(before, tables.row_hashes()) == []
    assert tinas.post(disable).status_code == 302


def test_f12_pages_wait_three_seconds_at_most_for_a_lock() -> None:
    options = settings.DATABASES["default"]["OPTIONS"]["options"]

    assert "-c lock_timeout=3s" in options
    assert "-c statement_timeout=15s" in options


def test_f07_a_page_whose_connection_broke_says_so_and_the_next_one_works(
    channel: PaymentChannel, tinas: Client, committed_db: Database
) -> None:
    page = reverse("payments_admin:list-channels")
    assert tinas.get(page).status_code == 200
    with committed_db.connect("superuser") as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'cmp_app'"
        )

    assert tinas.get(page).status_code == 503

    # A server does this between requests; the test client leaves it out.
    close_old_connections()
    assert tinas.get(page).status_code == 200
