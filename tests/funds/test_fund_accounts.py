"""FND-01…04: opening, editing and deleting fund accounts, with every refusal."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEntry, Membership
from cmp.lib.money import Money
from funds import queries
from funds.actions import fund_accounts
from funds.models import FundAccount, FundAccountGroup, Pot
from funds.types import PotKind
from tests.factories.accounts import BusinessGroupFactory
from tests.factories.funds import AT, hold, open_account, put_in

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=1)


def facts(acme, acme_group, alice, tina, **other) -> dict[str, Any]:
    return {
        "actor": tina,
        "tenant_id": acme.pk,
        "name": "Main",
        "description": "For everything",
        "group_ids": [acme_group.pk],
        "owner_id": alice.pk,
        "kind": FundAccount.Kind.PREPAID,
        "at": AT,
        **other,
    }


@pytest.fixture
def main(acme, acme_group, alice, tina):
    return facts(acme, acme_group, alice, tina)


def test_opening_makes_two_empty_pots_and_an_audit_entry(main, tina, alice):
    account = fund_accounts.open(**main)

    assert account.number == f"FA-{account.pk}"
    assert (account.currency, account.owner, account.created_at) == ("USD", alice, AT)
    pots = Pot.objects.filter(fund_account=account).order_by("id")
    facts: list[Any] = list(pots.values_list("kind", "floor", "usage_floor", "tenant_id"))
    assert facts == [
        (PotKind.AVAILABLE, 0, None, account.tenant_id),
        (PotKind.HELD, 0, 0, account.tenant_id),
    ]
    assert queries.balance_of(account.pk).balance == Money.zero("USD")
    entry = AuditEntry.objects.get(verb="fund_account.created")
    assert (entry.actor, entry.subject) == (tina, f"fund_account:{account.pk}")
    assert entry.after == {
        "name": "Main",
        "description": "For everything",
        "kind": "PREPAID",
        "owner": "Alice",
        "groups": ["Operations"],
        "credit_limit": "USD 0.00",
    }


def test_a_tenant_has_many_and_one_serves_many_groups(main, acme, acme_group):
    more = BusinessGroupFactory.create_batch(2, tenant=acme)
    first = fund_accounts.open(**main)
    second = fund_accounts.open(
        **main | {"name": "Second", "group_ids": [g.pk for g in more]}
    )

    assert queries.account_of_group(acme_group.pk) == first
    assert [queries.account_of_group(g.pk) for g in more] == [second, second]


@pytest.mark.parametrize(
    ("other", "refusal", "words"),
    [
        ({"group_ids": []}, fund_accounts.GroupRefused, "at least one business group"),
        ({"group_ids": "globex"}, fund_accounts.GroupRefused, "at least one business"),
        ({"group_ids": "mixed"}, fund_accounts.GroupRefused, "business groups of Acme"),
        ({"owner_id": "charlie"}, fund_accounts.OwnerRefused, "a member of Acme"),
        ({"name": "  "}, fund_accounts.NameTaken, "Give the fund account a name"),
    ],
)
def test_nothing_of_another_tenant_can_be_chosen(
    main, globex_group, acme_group, charlie, other, refusal, words
):
    stand_ins: dict[str, Any] = {
        "globex": [globex_group.pk],
        "mixed": [globex_group.pk, acme_group.pk],
        "charlie": charlie.pk,
    }
    chosen: dict[str, Any] = {
        k: stand_ins.get(v, v) if isinstance(v, str) else v for k, v in other.items()
    }

    with pytest.raises(refusal, match=words), transaction.atomic():
        fund_accounts.open(**main | chosen)

    assert FundAccount.objects.count() == 0
    assert AuditEntry.objects.filter(verb="fund_account.created").count() == 0


def test_a_name_is_used_once_among_the_living(main, acme, tina):
    group = BusinessGroupFactory.create(tenant=acme)
    account = fund_accounts.open(**main)
    namesake = main | {"name": " main ", "group_ids": [group.pk]}

    with pytest.raises(fund_accounts.NameTaken) as refusal:
        fund_accounts.open(**namesake)
    assert str(refusal.value) == (
        "Acme already has a fund account called “main”. Choose another name."
    )
    assert refusal.value.field == "name"

    fund_accounts.delete(actor=tina, fund_account_id=account.pk, at=LATER)
    assert fund_accounts.open(**namesake).name == "main"


def test_a_group_pays_from_one_account_and_the_refusal_names_it(main, acme_group):
    first = fund_accounts.open(**main)

    with pytest.raises(fund_accounts.GroupRefused) as refusal:
        fund_accounts.open(**main | {"name": "Second"})

    assert str(refusal.value) == (
        f"Operations already uses another active prepaid account, {first.number}. "
        "Untick it here or take it out there first."
    )
    assert FundAccount.objects.get() == first


def test_editing_changes_what_it_may_and_never_the_balance(main, acme, mia, tina):
    account = fund_accounts.open(**main)
    put_in(account, "50")
    group = BusinessGroupFactory.create(tenant=acme, name="Web")

    edited = fund_accounts.edit(
        actor=tina,
        fund_account_id=account.pk,
        name="Renamed",
        description="",
        group_ids=[group.pk],
        owner_id=mia.pk,
        at=LATER,
    )

    assert (edited.name, edited.description, edited.owner) == ("Renamed", "", mia)
    assert queries.balance_of(account.pk).balance == Money(Decimal(50), "USD")
    assert queries.groups_by_account([account.pk]) == {account.pk: ["Web"]}
    ended = FundAccountGroup.objects.get(unlinked_at__isnull=False)
    assert (ended.business_group.name, ended.unlinked_at) == ("Operations", LATER)
    entry = AuditEntry.objects.get(verb="fund_account.changed")
    assert (entry.before["name"], entry.after["name"]) == ("Main", "Renamed")
    assert (entry.before["owner"], entry.after["owner"]) == ("Alice", "Mia")


def test_an_edit_that_changes_nothing_leaves_no_entry(main, tina):
    account = fund_accounts.open(**main)
    same = {k: main[k] for k in ("actor", "name", "description", "group_ids", "owner_id")}

    fund_accounts.edit(**same, fund_account_id=account.pk, at=LATER)

    assert AuditEntry.objects.filter(verb="fund_account.changed").count() == 0
    assert FundAccountGroup.objects.count() == 1


def test_editing_refuses_what_opening_refuses(main, acme, globex_group, charlie, tina):
    account = fund_accounts.open(**main)
    other = open_account(acme, name="Other")
    same = {k: main[k] for k in ("actor", "name", "description", "group_ids", "owner_id")}
    taken = list(other.links.values_list("business_group_id", flat=True))

    changes: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"name": "OTHER"}, fund_accounts.NameTaken),
        ({"group_ids": [globex_group.pk]}, fund_accounts.GroupRefused),
        ({"group_ids": taken}, fund_accounts.GroupRefused),
        ({"group_ids": []}, fund_accounts.GroupRefused),
        ({"owner_id": charlie.pk}, fund_accounts.OwnerRefused),
    ]
    for change, refusal in changes:
        with pytest.raises(refusal), transaction.atomic():
            fund_accounts.edit(**same | change, fund_account_id=account.pk, at=LATER)

    account.refresh_from_db()
    assert (account.name, account.owner_id) == ("Main", main["owner_id"])
    assert queries.groups_by_account([account.pk]) == {account.pk: ["Operations"]}


def test_deleting_an_empty_account_keeps_its_history(main, acme_group, tina, alice):
    account = fund_accounts.open(**main)

    fund_accounts.delete(actor=tina, fund_account_id=account.pk, at=LATER)

    account.refresh_from_db()
    assert account.deleted_at == LATER
    assert queries.account_of_group(acme_group.pk) is None
    assert queries.groups_by_account([account.pk]) == {account.pk: ["Operations"]}
    assert not queries.accounts_visible_to(alice, account.tenant).exists()
    assert queries.get_account_visible_to(alice, account.tenant, account.pk) == account
    assert AuditEntry.objects.get(verb="fund_account.deleted").before["name"] == "Main"


def test_an_account_with_money_stays(main, tina):
    account = fund_accounts.open(**main)
    put_in(account, "0.01")

    with pytest.raises(fund_accounts.FundAccountInUse) as refusal:
        fund_accounts.delete(actor=tina, fund_account_id=account.pk, at=LATER)

    assert str(refusal.value) == (
        f"There is USD 0.01 in Main ({account.number}); only an empty one can go."
    )
    account.refresh_from_db()
    assert account.deleted_at is None


def test_an_account_with_a_hold_stays(main, tina):
    account = fund_accounts.open(**main)
    put_in(account, "5")
    hold(account, "5")

    with pytest.raises(fund_accounts.FundAccountInUse, match=r"USD 5\.00 is on hold"):
        fund_accounts.delete(actor=tina, fund_account_id=account.pk, at=LATER)

    account.refresh_from_db()
    assert account.deleted_at is None


def test_an_account_with_business_going_on_stays(main, tina, monkeypatch):
    account = fund_accounts.open(**main)
    monkeypatch.setattr(fund_accounts, "_deletion_checks", [])
    fund_accounts.register_deletion_check(
        lambda account_id: "A recharge is under way." if account_id == account.pk else None
    )

    with pytest.raises(fund_accounts.FundAccountInUse, match="A recharge is under way"):
        fund_accounts.delete(actor=tina, fund_account_id=account.pk, at=LATER)

    account.refresh_from_db()
    assert account.deleted_at is None


def test_a_deleted_account_can_be_read_and_nothing_more(main, tina):
    account = fund_accounts.open(**main)
    fund_accounts.delete(actor=tina, fund_account_id=account.pk, at=LATER)
    same = {k: main[k] for k in ("actor", "name", "description", "group_ids", "owner_id")}

    with pytest.raises(fund_accounts.FundAccountDeleted):
        fund_accounts.edit(**same, fund_account_id=account.pk, at=LATER)
    with pytest.raises(fund_accounts.FundAccountDeleted):
        fund_accounts.delete(actor=tina, fund_account_id=account.pk, at=LATER)

    assert AuditEntry.objects.filter(subject=f"fund_account:{account.pk}").count() == 2


def test_money_for_a_deleted_account_is_not_lost(main, tina):
    account = fund_accounts.open(**main)
    fund_accounts.delete(actor=tina, fund_account_id=account.pk, at=LATER)

    put_in(account, "5")

    assert queries.balance_of(account.pk).balance == Money(Decimal(5), "USD")


def test_a_credit_limit_needs_an_account_that_may_owe(main, acme, sam):
    prepaid = fund_accounts.open(**main)
    flexible = open_account(acme, kind=FundAccount.Kind.FLEXIBLE)
    fifty = Money(Decimal(50), "USD")

    with pytest.raises(fund_accounts.FundAccountRefused, match="no credit limit"):
        fund_accounts.set_credit_limit(
            actor=sam, fund_account_id=prepaid.pk, credit_limit=fifty, at=LATER
        )
    for wrong in (Money(Decimal(-1), "USD"), Money(Decimal(1), "EUR")):
        with pytest.raises(fund_accounts.FundAccountRefused, match="an amount in USD"):
            fund_accounts.set_credit_limit(
                actor=sam, fund_account_id=flexible.pk, credit_limit=wrong, at=LATER
            )
    fund_accounts.set_credit_limit(
        actor=sam, fund_account_id=flexible.pk, credit_limit=fifty, at=LATER
    )

    floors = Pot.objects.filter(kind=PotKind.AVAILABLE, fund_account__isnull=False)
    assert dict(floors.values_list("fund_account_id", "floor")) == {
        prepaid.pk: 0,
        flexible.pk: -50,
    }


def test_an_owner_cannot_leave_the_tenant_before_the_account_goes(main, alice, tina):
    account = fund_accounts.open(**main)
    membership = Membership.objects.get(user=alice)
    membership.groups.clear()

    refused = pytest.raises(IntegrityError, match="fund_account_owner_is_a_member")
    with refused, transaction.atomic():
        membership.delete()

    fund_accounts.delete(actor=tina, fund_account_id=account.pk, at=LATER)
    Membership.objects.get(user=alice).delete()
    account.refresh_from_db()
    assert account.owner == alice
