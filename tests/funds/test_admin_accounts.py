"""Admin portal, fund accounts (FND-01…04): who may, what is saved, what is refused."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from funds import queries
from funds.models import FundAccount
from funds.types import PotKind
from tests.factories.accounts import BusinessGroupFactory
from tests.factories.funds import hold, open_account, put_in
from tests.funds.conftest import money_tables

pytestmark = pytest.mark.django_db
LIST = "/admin/fund-accounts/"


def url(name: str, account: FundAccount | None = None) -> str:
    return reverse(f"funds_admin:{name}", args=[account.pk] if account else [])


@pytest.fixture
def as_tina(client, tina):
    client.force_login(tina)
    return client


@pytest.fixture
def as_sam(client, sam):
    client.force_login(sam)
    return client


def typed(acme_group, alice, **other):
    return {
        "name": "Cold chain",
        "description": "Lorries and stores",
        "kind": "PREPAID",
        "groups": [acme_group.pk],
        "owner": alice.pk,
        **other,
    }


# ---------------------------------------------------------------- who may

PAGES = ["list-accounts", "add-account", "view-account", "edit-account", "delete-account",
         "set-credit-limit"]  # fmt: skip
READING = {"list-accounts", "view-account"}
MAY = {
    "nobody": (302, 302),
    "charlie": (403, 403),
    "mia": (403, 403),
    "bob": (403, 403),
    "alice": (403, 403),
    "bill": (403, 403),
    "gina": (404, 404),
    "tina": (200, 200),
    "sam": (200, 200),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("persona", MAY)
def test_who_may_open_which_page(client_of, acme, acme_account, persona, page):
    account = None if page in {"list-accounts", "add-account"} else acme_account
    if page == "set-credit-limit":
        account = open_account(acme, kind=FundAccount.Kind.FLEXIBLE)
    before = money_tables()

    response = client_of(persona).get(url(page, account))

    expected = MAY[persona][page not in READING]
    if persona == "gina" and account is None:
        expected = 200
    if page == "set-credit-limit" and persona in {"tina", "gina"}:
        expected = 403
    assert response.status_code == expected
    assert money_tables() == before


@pytest.mark.parametrize("page", PAGES[1:2] + PAGES[3:])
@pytest.mark.parametrize("persona", [p for p in MAY if p not in {"tina", "sam"}])
def test_who_may_not_cannot_send_either(
    client_of, acme, acme_account, acme_group, alice, persona, page
):
    account = None if page == "add-account" else acme_account
    if page == "set-credit-limit":
        account = open_account(acme, kind=FundAccount.Kind.FLEXIBLE)
    before = money_tables()
    sent = typed(acme_group, alice, credit_limit="10", reason="x")

    response = client_of(persona).post(url(page, account), sent)

    # Gina's own form does not offer Acme's groups and people.
    refused = {302} if persona == "nobody" else {403, 404, 422}
    assert response.status_code in refused
    assert money_tables() == before


@pytest.mark.parametrize("role", ["SUPPORT", "AUDITOR"])
def test_staff_who_only_look_see_no_buttons(client, sam, acme_account, role):
    sam.staff_role = role
    sam.save()
    client.force_login(sam)

    listed = client.get(LIST).content.decode()
    shown = client.get(url("view-account", acme_account)).content.decode()

    assert "Acme operations" in listed
    assert "Add fund account" not in listed
    assert url("edit-account", acme_account) not in listed + shown
    assert client.get(url("edit-account", acme_account)).status_code == 403


# ---------------------------------------------------------------- list


def test_the_list_shows_what_there_is(as_sam, acme_account, globex):
    other = open_account(globex, name="Elsewhere", kind=FundAccount.Kind.POSTPAID)
    put_in(acme_account, "1234.5")
    hold(acme_account, "100")

    html = as_sam.get(LIST).content.decode()

    assert f"FA-{acme_account.pk} · prepaid" in html
    assert f"FA-{other.pk} · postpaid" in html
    assert "1,134.50" in html
    assert "Operations" in html
    assert "2 fund accounts" in html


def test_a_tenant_administrator_sees_the_own_tenant_only(as_tina, acme_account, globex):
    open_account(globex, name="Elsewhere")

    html = as_tina.get(LIST).content.decode()

    assert "Acme operations" in html
    assert "Elsewhere" not in html
    assert "Globex" not in html


def test_filters_find_by_words_tenant_type_and_state(as_sam, acme_account, globex, acme):
    flexible = open_account(globex, name="Elsewhere", kind=FundAccount.Kind.FLEXIBLE)
    gone = open_account(acme, name="Bygone")
    gone.links.update(unlinked_at=gone.created_at)
    FundAccount.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())

    def found(**filters):
        rows = as_sam.get(LIST, filters).context["list"].rows
        return sorted(row.name for row in rows)

    assert found() == ["Acme operations", "Elsewhere"]
    assert found(q="elsew") == ["Elsewhere"]
    assert found(q="alice") == ["Acme operations"]
    assert found(q=f"FA-{flexible.pk}") == ["Elsewhere"]
    assert found(tenant=globex.pk) == ["Elsewhere"]
    assert found(kind="PREPAID") == ["Acme operations"]
    assert found(state="deleted") == ["Bygone"]
    assert found(state="any") == ["Acme operations", "Bygone", "Elsewhere"]


def test_totals_are_per_currency(as_sam, acme_account, globex):
    globex.currency = "KWD"
    globex.save()
    put_in(acme_account, "10")
    put_in(open_account(globex), "1.5")

    ((_, totals),) = as_sam.get(LIST).context["list"].totals

    assert [str(total) for total in totals] == ["KWD 1.500", "USD 10.00"]


def test_the_list_is_exported_with_balances(as_sam, acme_account):
    put_in(acme_account, "10")

    response = as_sam.get(LIST, {"export": "csv"})
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()

    assert lines[0].startswith("Fund account,Number and type,Tenant,Business groups,Owner")
    assert lines[1].startswith(
        f"Acme operations,FA-{acme_account.pk} · prepaid,Acme,Operations,Alice,Active,10.00"
    )


def test_the_number_of_queries_does_not_grow_with_the_list(
    as_sam, acme, django_assert_max_num_queries
):
    for _ in range(12):
        open_account(acme)

    with django_assert_max_num_queries(20):
        assert as_sam.get(LIST).status_code == 200


# ---------------------------------------------------------------- add


def test_a_tenant_administrator_adds_one_and_it_is_listed_with_zero(
    as_tina, acme_group, alice
):
    response = as_tina.post(url("add-account"), typed(acme_group, alice), follow=True)

    account = FundAccount.objects.get()
    assert response.redirect_chain == [(LIST, 302)]
    html = response.content.decode()
    assert "Fund account saved." in html
    assert "Cold chain" in html
    assert "0.00" in html
    assert (account.owner, account.kind, account.currency) == (alice, "PREPAID", "USD")
    assert queries.group_ids_of(account.pk) == [acme_group.pk]


def test_staff_choose_the_tenant_first(as_sam, acme, acme_group, alice, charlie):
    asked = as_sam.get(url("add-account"))
    form = as_sam.get(url("add-account"), {"tenant": acme.pk})
    html = form.content.decode()

    assert "kind" not in asked.context["form"].fields
    assert "Acme, in USD" in html
    assert "No fund account yet" in html
    assert "Alice" in html
    assert "Charlie" not in html

    added = as_sam.post(f"{url('add-account')}?tenant={acme.pk}", typed(acme_group, alice))
    assert added.status_code == 302
    assert FundAccount.objects.get().tenant == acme


def test_the_form_presets_the_tenants_billing_plan(as_tina, acme):
    acme.billing_plan = "FLEXIBLE"
    acme.save()

    form = as_tina.get(url("add-account")).context["form"]

    assert form["kind"].value() == "FLEXIBLE"


def test_groups_say_which_account_they_use(as_tina, acme_account, acme):
    BusinessGroupFactory.create(tenant=acme, name="Research")

    html = as_tina.get(url("add-account")).content.decode()

    assert f"In FA-{acme_account.pk}, prepaid" in html
    assert "No fund account yet" in html


def test_a_tenant_without_groups_is_told_so(client, gina, globex):
    globex.business_groups.all().delete()
    client.force_login(gina)

    html = client.get(url("add-account")).content.decode()

    assert "This tenant has no business groups yet; add one first." in html


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    as_tina, acme_account, acme_group, alice
):
    before = money_tables()
    sent = typed(acme_group, alice, name="acme OPERATIONS", description="Kept")

    response = as_tina.post(url("add-account"), sent)

    assert response.status_code == 422
    form = response.context["form"]
    assert list(form.errors) == ["groups"]
    assert f"already uses another active prepaid account, {acme_account.number}" in str(
        form.errors["groups"]
    )
    assert form["name"].value() == "acme OPERATIONS"
    assert "Kept" in response.content.decode()
    assert money_tables() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"kind": "GIFT"}, "kind"),
        ({"groups": []}, "groups"),
        ({"groups": ["0"]}, "groups"),
        ({"groups": ["x"]}, "groups"),
        ({"owner": "0"}, "owner"),
        ({"owner": ""}, "owner"),
        ({"name": "Acme Operations"}, "name"),
    ],
)
def test_a_bad_form_saves_nothing(as_tina, acme, acme_account, alice, change, field):
    group = BusinessGroupFactory.create(tenant=acme, name="Research")
    before = money_tables()

    response = as_tina.post(url("add-account"), typed(group, alice, **change))

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert money_tables() == before


def test_another_tenants_people_and_groups_cannot_be_sent(
    as_tina, acme_group, alice, charlie, globex_group
):
    before = money_tables()

    for change in ({"owner": charlie.pk}, {"groups": [globex_group.pk]}):
        response = as_tina.post(url("add-account"), typed(acme_group, alice, **change))
        assert response.status_code == 422

    assert money_tables() == before


def test_another_tenant_cannot_be_named_in_the_address(
    as_tina, acme, globex, acme_group, alice
):
    response = as_tina.post(
        f"{url('add-account')}?tenant={globex.pk}", typed(acme_group, alice)
    )

    assert response.status_code == 302
    assert FundAccount.objects.get().tenant == acme


# ---------------------------------------------------------------- edit


def test_editing_changes_what_it_may_and_says_so(as_tina, acme, acme_account, mia):
    put_in(acme_account, "50")
    group = BusinessGroupFactory.create(tenant=acme, name="Research")
    sent = typed(group, mia, name="Renamed", kind="POSTPAID")

    response = as_tina.post(url("edit-account", acme_account), sent, follow=True)

    acme_account.refresh_from_db()
    assert "Fund account saved." in response.content.decode()
    assert (acme_account.name, acme_account.owner) == ("Renamed", mia)
    assert acme_account.kind == "PREPAID"
    assert queries.group_ids_of(acme_account.pk) == [group.pk]
    assert str(queries.balance_of(acme_account.pk).balance) == "USD 50.00"


def test_the_edit_form_shows_what_is(as_tina, acme_account, acme_group, alice):
    form = as_tina.get(url("edit-account", acme_account)).context["form"]

    assert form["name"].value() == "Acme operations"
    assert form["groups"].value() == [acme_group.pk]
    assert form["owner"].value() == alice.pk
    assert "kind" not in form.fields
    assert "In this fund account" in str(form["groups"])


# ---------------------------------------------------------------- detail


def test_the_page_shows_money_holds_and_who_did_what(as_sam, tina, acme_account):
    put_in(acme_account, "100", number=81)
    hold(acme_account, "30", order=7)
    as_sam.post(
        url("edit-account", acme_account),
        {
            "name": "Renamed",
            "groups": queries.group_ids_of(acme_account.pk),
            "owner": acme_account.owner_id,
        },
    )

    html = as_sam.get(url("view-account", acme_account)).content.decode()

    for words in ("70.00", "30.00", "100.00", "OR-7", "RC-81", "Recharge", "Operations"):
        assert words in html
    assert "Changed: name" in html
    assert "Opened" in html
    assert "Tina" in html
    assert "Sam" in html


# ---------------------------------------------------------------- credit limit


def test_the_operator_sets_a_credit_limit_with_a_reason(as_sam, acme):
    account = open_account(acme, kind=FundAccount.Kind.FLEXIBLE)

    response = as_sam.post(
        url("set-credit-limit", account),
        {"credit_limit": "٢٥٠٫٥٠", "reason": "Contract 12"},
    )

    assert response.status_code == 302
    pot = account.pots.get(kind=PotKind.AVAILABLE)
    assert str(pot.floor) == "-250.500000"
    entry = AuditEntry.objects.get(verb="fund_account.changed")
    assert (entry.reason, entry.after["credit_limit"]) == ("Contract 12", "USD 250.50")


@pytest.mark.parametrize(
    "sent",
    [
        {"credit_limit": "-1", "reason": "x"},
        {"credit_limit": "NaN", "reason": "x"},
        {"credit_limit": "1e3", "reason": "x"},
        {"credit_limit": "10.001", "reason": "x"},
        {"credit_limit": "10", "reason": ""},
        {"credit_limit": "10000000000000", "reason": "x"},
    ],
)
def test_a_bad_credit_limit_changes_nothing(as_sam, acme, sent):
    account = open_account(acme, kind=FundAccount.Kind.FLEXIBLE)
    before = money_tables()

    assert as_sam.post(url("set-credit-limit", account), sent).status_code == 422
    assert money_tables() == before


def test_a_prepaid_account_has_no_credit_limit(as_sam, acme_account):
    assert as_sam.get(url("set-credit-limit", acme_account)).status_code == 404
    page = as_sam.get(url("view-account", acme_account)).content.decode()
    assert url("set-credit-limit", acme_account) not in page


# ---------------------------------------------------------------- delete


def test_an_empty_account_is_deleted_after_a_prompt(as_tina, acme_account):
    prompt = as_tina.get(url("delete-account", acme_account)).content.decode()
    response = as_tina.post(url("delete-account", acme_account), follow=True)

    assert f"Delete Acme operations ({acme_account.number})?" in prompt
    assert "Its transactions stay readable." in prompt
    assert "Fund account deleted." in response.content.decode()
    acme_account.refresh_from_db()
    assert acme_account.is_deleted
    assert as_tina.get(url("view-account", acme_account)).status_code == 200
    assert as_tina.get(url("edit-account", acme_account)).status_code == 404
    assert as_tina.post(url("delete-account", acme_account)).status_code == 404


def test_an_account_with_money_is_not_deleted_and_the_reason_is_said(as_tina, acme_account):
    put_in(acme_account, "5")
    before = money_tables()

    prompt = as_tina.get(url("delete-account", acme_account))
    response = as_tina.post(url("delete-account", acme_account))

    reason = f"There is USD 5.00 in Acme operations ({acme_account.number})"
    assert reason in prompt.content.decode()
    assert response.status_code == 422
    assert reason in response.content.decode()
    assert money_tables() == before


def test_a_prompt_opens_as_a_dialog_for_a_page_that_asks(as_tina, acme_account):
    response = as_tina.get(
        url("delete-account", acme_account),
        headers={"HX-Request": "true", "HX-Target": "prompt"},
    )

    assert response.content.decode().lstrip().startswith(("<dialog", "{#", "\n<dialog"))


def test_created_is_shown_in_the_viewers_zone(as_tina, tina, acme_account):
    tina.time_zone = "Asia/Dubai"
    tina.save()

    html = as_tina.get(LIST).content.decode()

    local = acme_account.created_at + timedelta(hours=4)
    assert f"{local:%H:%M}</time>" in html
    assert "Created (GMT+4)" in html
