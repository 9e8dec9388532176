"""User portal, fund accounts (FND-05): owners see their own, others none."""

import pytest
from django.urls import reverse

from funds.actions import fund_accounts, ledger
from funds.types import Kind
from tests.factories.funds import AT, hold, open_account, purchase, put_in
from tests.funds.conftest import money_tables

pytestmark = pytest.mark.django_db
LIST = "/portal/acme/fund-accounts/"
STATUS = {
    "nobody": 302,
    "charlie": 404,
    "gina": 404,
    "sam": 404,
    "mia": 403,
    "bob": 403,
    "alice": 200,
    "bill": 200,
    "tina": 200,
}


def own_url(account) -> str:
    return reverse("funds:view-account", args=["acme", account.pk])


@pytest.mark.parametrize("persona", STATUS)
def test_who_sees_fund_accounts(client_of, acme_account, persona):
    before = money_tables()
    client = client_of(persona)

    for url in (LIST, own_url(acme_account)):
        assert client.get(url).status_code == STATUS[persona]
        assert client.post(url).status_code in {302, 403, 404, 405}
    assert money_tables() == before


def test_an_owner_sees_all_of_the_own_account_and_nothing_of_others(
    client_of, acme, acme_account
):
    other = open_account(acme, name="Not hers")
    put_in(acme_account, "100", number=81)
    hold(acme_account, "30", order=7)
    client = client_of("alice")

    listed = client.get(LIST).content.decode()
    shown = client.get(own_url(acme_account)).content.decode()

    assert "Not hers" not in listed
    assert client.get(own_url(other)).status_code == 404
    for words in ("Acme operations", acme_account.number, "Operations", "Alice", "70.00"):
        assert words in listed
        assert words in shown
    assert "1 Jan 2026" in shown
    assert "OR-7" in shown
    assert "RC-81" in shown


def test_an_administrator_sees_every_account_of_the_tenant(client_of, acme, acme_account):
    open_account(acme, name="Second")

    html = client_of("tina").get(LIST).content.decode()

    assert "Second" in html
    assert "2 fund accounts" in html


def test_another_tenants_account_does_not_exist_here(client_of, acme_account, globex):
    foreign = open_account(globex)

    assert client_of("tina").get(own_url(foreign)).status_code == 404
    assert client_of("alice").get(own_url(foreign)).status_code == 404


def test_only_an_owner_gets_the_recharge_button(client_of, acme_account):
    start = reverse("payments:start-recharge", args=["acme"])
    for persona, offered in (("alice", True), ("tina", False), ("bill", False)):
        client = client_of(persona)
        html = (
            client.get(LIST).content.decode()
            + client.get(own_url(acme_account)).content.decode()
        )
        assert (f"{start}?account={acme_account.pk}" in html) is offered


def test_a_deleted_account_is_read_and_not_recharged(
    client_of, acme, acme_account, tina, alice
):
    open_account(acme, owner=alice, name="Kept")
    fund_accounts.delete(actor=tina, fund_account_id=acme_account.pk, at=AT)
    client = client_of("alice")

    assert "Acme operations" not in client.get(LIST).content.decode()
    assert "Acme operations" in client.get(LIST, {"state": "deleted"}).content.decode()
    shown = client.get(own_url(acme_account)).content.decode()
    assert "Deleted" in shown
    assert f"?account={acme_account.pk}&" not in shown
    start = reverse("payments:start-recharge", args=["acme"])
    assert f"{start}?account={acme_account.pk}" not in shown


def test_an_overdrawn_account_says_so(client_of, acme_account):
    ledger.post(purchase(acme_account, "5", kind=Kind.USAGE))

    html = client_of("alice").get(LIST).content.decode()

    assert "Overdrawn" in html
    assert "−5.00" in html
