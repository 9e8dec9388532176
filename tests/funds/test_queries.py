"""FND-05, TRX-02: who sees which accounts and transactions; what else is read."""

import pytest

from accounts import access
from accounts.access import Permission, Reach
from accounts.models import Membership
from funds import queries, stories
from funds.actions import fund_accounts, recharges_in
from funds.models import FundAccount, Transaction
from funds.stories import Story
from tests.factories.accounts import MembershipFactory
from tests.factories.funds import AT, hold, money, open_account, put_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(acme_account, acme, globex):
    """Two accounts of Acme, one of Globex, money in each."""
    second, foreign = open_account(acme), open_account(globex)
    for account in (acme_account, second, foreign):
        put_in(account, "10")
    return acme_account, second, foreign


def test_an_owner_sees_own_accounts_and_transactions_only(world, alice, acme):
    own, _, _ = world

    assert list(queries.accounts_visible_to(alice, acme)) == [own]
    assert [
        t.target.fund_account for t in queries.transactions_visible_to(alice, acme)
    ] == [own]


@pytest.mark.parametrize("role", ["TENANT_ADMIN", "BILLING_MANAGER"])
def test_who_answers_for_the_tenant_sees_all_of_it(world, acme, role):
    user = MembershipFactory.create(tenant=acme, role=role).user

    assert set(queries.accounts_visible_to(user, acme)) == set(world[:2])
    assert queries.transactions_visible_to(user, acme).count() == 2


@pytest.mark.parametrize("persona", ["bob", "mia", "charlie"])
def test_others_see_none(request, world, acme, persona):
    actor = request.getfixturevalue(persona)

    assert not queries.accounts_visible_to(actor, acme).exists()
    assert not queries.transactions_visible_to(actor, acme).exists()
    with pytest.raises(FundAccount.DoesNotExist):
        queries.get_account_visible_to(actor, acme, world[0].pk)


def test_a_reach_limits_the_admin_portal(world, acme, globex):
    assert queries.accounts_within(Reach(None)).count() == 3
    assert set(queries.accounts_within(Reach(frozenset({acme.pk})))) == set(world[:2])
    assert queries.transactions_within(Reach(frozenset({globex.pk}))).count() == 1
    with pytest.raises(FundAccount.DoesNotExist):
        queries.get_account_within(Reach(frozenset({globex.pk})), world[0].pk)


def test_owning_allows_what_owners_do_there_and_nowhere_else(world, alice, acme, tina):
    own, second, _ = world
    granted = {
        Permission.RECHARGE,
        Permission.VIEW_FUND_ACCOUNTS,
        Permission.VIEW_RECHARGES,
        Permission.VIEW_TRANSACTIONS,
    }
    for permission in granted:
        assert access.allows(alice, permission, acme)
        assert access.allows(alice, permission, own)
        assert not access.allows(alice, permission, second)
    assert not access.allows(alice, Permission.EDIT_FUND_ACCOUNTS, own)


def test_owning_a_deleted_account_no_longer_opens_the_pages(
    acme_account, alice, acme, tina
):
    fund_accounts.delete(actor=tina, fund_account_id=acme_account.pk, at=AT)

    assert not access.allows(alice, Permission.RECHARGE, acme)


def test_suspended_money_is_in_nobodys_list(world, acme, tina):
    recharges_in.suspend(
        amount=money(world[0], "1"), reference="recharge:1", key="recharge:1:suspend", at=AT
    )

    assert queries.transactions_visible_to(tina, acme).count() == 2
    assert queries.transactions_within(Reach(None)).count() == 4


def test_a_transaction_is_found_by_its_number(world):
    row = Transaction.objects.latest("id")

    assert queries.transaction_by_number(row.number) == row
    for nonsense in ("T-0", "T-x", "", "T--1", "T-1.0", "T-" + "9" * 30, "T-²"):
        with pytest.raises(Transaction.DoesNotExist):
            queries.transaction_by_number(nonsense)


def test_balances_of_many_take_one_query(world, django_assert_num_queries):
    ids = [account.pk for account in world]

    with django_assert_num_queries(1):
        balances = queries.balances_of(ids)

    assert {str(b.available) for b in balances.values()} == {"USD 10.00"}
    with pytest.raises(FundAccount.DoesNotExist):
        queries.balance_of(max(ids) + 1)


def test_holds_are_open_until_resolved(acme_account):
    put_in(acme_account, "10")
    first, second = hold(acme_account, "1"), hold(acme_account, "2")

    assert [h.pk for h in queries.open_holds(acme_account.pk)] == [first.id, second.id]


def test_an_account_is_found_by_its_pot(acme_account):
    pot_id = queries.available_pot_id(acme_account.pk)

    assert queries.account_of_pot(pot_id) == acme_account


def test_a_story_is_told_by_the_app_that_caused_it(monkeypatch):
    monkeypatch.setattr(stories, "_sources", {})
    monkeypatch.setattr(stories, "_account_sources", {})
    stories.register_story_source("order", lambda ref, tenant: Story(f"{ref} {tenant}", []))
    stories.register_account_story_source(
        "usage", lambda ref, tenant, account: Story(f"{ref} {tenant} {account}", [])
    )

    def told(reference):
        story = stories.story_of(reference, tenant_id=1, fund_account_id=2)
        return story and story.title

    assert told("order:12") == "order:12 1"
    assert told("usage:2026-11-22T10Z") == "usage:2026-11-22T10Z 1 2"
    assert told("riddle:1") is None
    assert told("") is None


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        ("recharge:81", "RC-81"),
        ("order:12", "OR-12"),
        ("usage:2026-11-22T10Z", ""),
        ("", ""),
    ],
)
def test_a_reference_reads_as_the_number_screens_show(reference, number):
    assert stories.number_of(reference) == number


def test_the_cast_is_what_these_tests_believe(alice, acme):
    assert Membership.objects.get(user=alice, tenant=acme).role == "MEMBER"
