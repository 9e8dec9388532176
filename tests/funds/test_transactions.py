"""Transactions in both portals (TRX-01…05): lists, filters, figures, stories."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from funds import queries, stories
from funds.actions import holds, ledger, recharges_in, reversals
from funds.lists.transactions import cause_of
from funds.models import Transaction
from funds.stories import Story
from funds.types import Kind
from tests.factories import payments
from tests.factories.funds import AT, hold, money, open_account, purchase, put_in
from tests.funds.conftest import money_tables

pytestmark = pytest.mark.django_db
LIST = "/portal/acme/transactions/"
ADMIN_LIST = "/admin/transactions/"


def day(number: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, number, hour, tzinfo=UTC)


@pytest.fixture
def history(acme_account):
    """March: 100.00 in on the 1st, a hold captured, 20.50 out, use of 0.004 on the 10th."""
    put_in(acme_account, "100", number=81, at=day(1))
    placed = hold(acme_account, "30", order=7, at=day(5))
    holds.capture(hold_id=placed.id, reference="order:7", at=day(6))
    ledger.post(purchase(acme_account, "20.5", order=8, kind=Kind.RENEWAL, at=day(10)))
    ledger.post(purchase(acme_account, "0.004", order=9, kind=Kind.USAGE, at=day(10, 13)))
    return acme_account


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


def kinds_in(client, url=LIST, **filters) -> list[str]:
    """What the list shows, newest first."""
    rows = client.get(url, filters).context["list"].rows
    return [row.cells[1].plain for row in rows]


def figures_in(client, **filters) -> list[tuple[str, str]]:
    figures = client.get(LIST, filters).context["list"].figures
    return [(str(figure.label), str(figure.value)) for figure in figures]


# ---------------------------------------------------------------- who sees what

USER = {
    "nobody": 302, "charlie": 404, "gina": 404, "sam": 404, "mia": 403, "bob": 403,
    "alice": 200, "bill": 200, "tina": 200,
}  # fmt: skip
ADMIN = {
    "nobody": 302, "charlie": 403, "mia": 403, "bob": 403, "alice": 403, "bill": 403,
    "gina": 200, "tina": 200, "sam": 200,
}  # fmt: skip


@pytest.mark.parametrize("persona", USER)
def test_who_sees_transactions_in_the_user_portal(client_of, history, persona):
    one = reverse(
        "funds:view-transaction", args=["acme", Transaction.objects.latest("id").pk]
    )
    before = money_tables()
    client = client_of(persona)

    for url in (LIST, one, f"{LIST}?export=csv"):
        assert client.get(url).status_code == USER[persona]
        assert client.post(url).status_code in {302, 403, 404, 405}
    assert money_tables() == before


@pytest.mark.parametrize("persona", ADMIN)
def test_who_sees_transactions_in_the_admin_portal(client_of, history, persona):
    one = reverse(
        "funds_admin:view-transaction", args=[Transaction.objects.latest("id").pk]
    )
    before = money_tables()
    client = client_of(persona)

    assert client.get(ADMIN_LIST).status_code == ADMIN[persona]
    expected = 404 if persona == "gina" else ADMIN[persona]
    assert client.get(one).status_code == expected
    assert client.post(one).status_code in {302, 403, 404, 405}
    assert money_tables() == before


def test_an_owner_sees_own_accounts_only(client_of, acme, history):
    other = open_account(acme, name="Not hers")
    posted = put_in(other, "5")
    client = client_of("alice")

    assert "Not hers" not in client.get(LIST).content.decode()
    url = reverse("funds:view-transaction", args=["acme", posted.id])
    assert client.get(url).status_code == 404
    assert client_of("tina").get(url).status_code == 200
    assert kinds_in(client, account=other.pk) == kinds_in(client)


def test_the_admin_list_is_limited_to_the_reach(client_of, history, globex):
    put_in(open_account(globex, name="Elsewhere"), "5")

    assert len(kinds_in(client_of("sam"), ADMIN_LIST)) == 5
    assert len(kinds_in(client_of("tina"), ADMIN_LIST)) == 4
    assert len(kinds_in(client_of("gina"), ADMIN_LIST)) == 1


# ---------------------------------------------------------------- the list


def test_newest_first_with_holds_left_out(as_alice, history):
    assert kinds_in(as_alice) == ["Usage", "Renewal", "Purchase", "Recharge"]


def test_a_row_says_all_that_the_requirement_asks(as_alice, history, monkeypatch):
    monkeypatch.setattr(stories, "_channel_sources", [])
    stories.register_channel_source(
        lambda references: {r: "PayFort Visa" for r in references if r == "recharge:81"}
    )

    recharge = as_alice.get(LIST, {"q": "RC-81"}).context["list"].rows[0]

    number = Transaction.objects.get(key="recharge:81:credit").number
    plain = [(cell.plain, cell.plain_small) for cell in recharge.cells]
    assert plain == [
        ("2026-03-01T12:00:00+00:00", ""),
        ("Recharge", "Income · RC-81"),
        (number, "Acme operations"),
        ("PayFort Visa", ""),
        (money(history, "100.000000"), ""),
        (money(history, "100.000000"), ""),
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"direction": "income"}, ["Recharge"]),
        ({"direction": "expenditure"}, ["Usage", "Renewal", "Purchase"]),
        ({"kind": "21"}, ["Renewal"]),
        ({"day_from": "2026-03-06"}, ["Usage", "Renewal", "Purchase"]),
        ({"day_to": "2026-03-06"}, ["Purchase", "Recharge"]),
        ({"day_from": "2026-03-06", "day_to": "2026-03-06"}, ["Purchase"]),
        ({"least": "20.5", "most": "30"}, ["Renewal", "Purchase"]),
        ({"holds": "only"}, ["Hold captured", "Hold for an order"]),
        ({"q": "OR-7"}, ["Purchase"]),
        (
            {"q": "or-7", "holds": "shown"},
            ["Purchase", "Hold captured", "Hold for an order"],
        ),
        ({"q": "OR-99"}, []),
        ({"q": "nonsense"}, []),
        ({"direction": "expenditure", "day_to": "2026-03-06", "most": "50"}, ["Purchase"]),
    ],
)
def test_filters_narrow_and_combine(as_alice, history, filters, expected):
    assert kinds_in(as_alice, **filters) == expected


def test_a_number_finds_its_transaction(as_alice, history):
    row = Transaction.objects.get(kind=Kind.RENEWAL)

    for typed in (row.number, row.number.lower(), str(row.pk)):
        assert kinds_in(as_alice, q=typed) == ["Renewal"]


def test_days_are_the_viewers_days(client, alice, acme_account):
    put_in(acme_account, "1", number=1, at=datetime(2026, 3, 1, 22, 30, tzinfo=UTC))
    alice.time_zone = "Asia/Dubai"
    alice.save()
    client.force_login(alice)

    assert kinds_in(client, day_from="2026-03-02", day_to="2026-03-02") == ["Recharge"]
    assert kinds_in(client, day_to="2026-03-01") == []
    assert "Time (GMT+4)" in client.get(LIST).content.decode()


def test_filters_by_account_and_business_group(client_of, acme, history, acme_group):
    second = open_account(acme, name="Second")
    put_in(second, "5")
    client = client_of("tina")

    assert kinds_in(client, account=second.pk) == ["Recharge"]
    assert len(kinds_in(client, group=acme_group.pk)) == 4
    assert len(kinds_in(client)) == 5


@pytest.mark.parametrize(
    "filters",
    [
        {"account": "x"},
        {"account": "0"},
        {"direction": "sideways"},
        {"kind": "99"},
        {"day_from": "yesterday"},
        {"day_from": "2026-13-01"},
        {"day_from": "2026-03-10", "day_to": "2026-03-01"},
        {"least": "much"},
        {"holds": "maybe"},
        {"cursor": "forged"},
        {"sort": "secret"},
    ],
)
def test_a_filter_nobody_could_mean_is_named_and_never_an_error(as_alice, history, filters):
    response = as_alice.get(LIST, filters)

    assert response.status_code == 200
    view = response.context["list"]
    assert view.problems or view.filter_problems
    assert len(figures_in(as_alice, **filters)) == 4


def test_the_account_filter_offers_own_accounts_only(client_of, acme, history):
    open_account(acme, name="Not hers")

    def offered(persona):
        form = client_of(persona).get(LIST).context["list"].filters.form
        return [label for value, label in form.fields["account"].choices if value]

    assert offered("alice") == [str(history)]
    assert len(offered("tina")) == 2


def test_the_list_is_exported(as_alice, history):
    response = as_alice.get(LIST, {"export": "csv", "direction": "expenditure"})
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()

    assert lines[0] == (
        "Time,What,Direction and cause,Number,Fund account,Payment channel,"
        "Amount,Amount (currency),Available after,Available after (currency)"
    )
    assert len(lines) == 4
    assert ",-20.500000,USD,49.500000,USD" in lines[2]


def test_the_list_pages_without_repeating_or_missing(as_alice, acme_account):
    for n in range(60):
        put_in(acme_account, "1", number=n + 1, at=AT + timedelta(minutes=n // 7))

    seen, url = [], LIST
    while url:
        view = as_alice.get(url).context["list"]
        seen += [row.name for row in view.rows]
        url = f"{LIST}{view.pager.last_url}" if view.pager.last_url else ""

    newest_first = Transaction.objects.order_by("-occurred_at", "-id")
    assert seen == [row.number for row in newest_first]


def test_the_number_of_queries_does_not_grow_with_the_list(as_alice, acme_account):
    def queries_with(rows: int) -> int:
        for n in range(rows):
            put_in(acme_account, "1", number=n + 1)
        with CaptureQueriesContext(connection) as captured:
            assert as_alice.get(LIST).status_code == 200
        return len(captured)

    assert queries_with(1) == queries_with(20) <= 25


def test_usage_is_listed_with_its_hour(as_alice, acme_account):
    row = Transaction(
        kind=Kind.HOURLY_USAGE, occurred_at=day(1, 14), reference="usage:2026-03-01T13Z"
    )

    assert cause_of(row) == "13:00–14:00"


# ---------------------------------------------------------------- figures


def test_the_figures_of_a_period_add_up(as_alice, history):
    found = figures_in(as_alice, day_from="2026-03-02", day_to="2026-03-09")

    assert found == [
        ("Balance on 2 Mar 2026", "USD 100.00"),
        ("Income", "USD 0.00"),
        ("Expenditure", "USD -30.00"),
        ("Balance after 9 Mar 2026", "USD 70.00"),
    ]


def test_the_figures_reach_to_now_and_ignore_holds(as_alice, history):
    hold(history, "10", order=11, at=day(11))

    found = figures_in(as_alice, day_from="2026-03-01")

    assert [value for _, value in found] == [
        "USD 0.00",
        "USD 100.00",
        "USD -50.504",
        "USD 49.496",
    ]
    assert found[3][0] == "Balance now"


def test_other_filters_do_not_bend_the_figures(as_alice, history):
    period = {"day_from": "2026-03-01", "day_to": "2026-03-31"}

    narrowed = figures_in(as_alice, **period, direction="income", kind="10", q="RC-81")

    assert narrowed == figures_in(as_alice, **period)


def test_figures_follow_the_account_filter(client_of, acme, history):
    second = open_account(acme)
    put_in(second, "5", at=day(2))
    client = client_of("tina")

    def closing(**filters):
        return figures_in(client, day_from="2026-03-01", **filters)[3][1]

    assert closing() == "USD 54.496"
    assert closing(account=second.pk) == "USD 5.00"


def test_opening_plus_income_minus_expenditure_is_closing_for_any_days(acme_account):
    for n in range(1, 20):
        put_in(acme_account, f"{n}.01", number=n, at=day(n))
        ledger.post(purchase(acme_account, f"0.{n:06}", order=n, at=day(n, 18)))
    accounts = type(acme_account).objects.filter(pk=acme_account.pk)

    for first in range(1, 20, 3):
        for last in range(first, 20, 4):
            found = queries.period_figures(accounts, "USD", day(first, 0), day(last, 0))
            before = sum(Decimal(f"{n}.01") - Decimal(f"0.{n:06}") for n in range(1, first))
            until = sum(Decimal(f"{n}.01") - Decimal(f"0.{n:06}") for n in range(1, last))
            assert (found.opening.amount, found.closing.amount) == (before, until)


# ---------------------------------------------------------------- one transaction


def own(transaction) -> str:
    return reverse("funds:view-transaction", args=["acme", transaction.pk])


def test_a_transaction_tells_its_story(as_alice, history, monkeypatch):
    monkeypatch.setattr(stories, "_sources", {})
    stories.register_story_source(
        "recharge",
        lambda reference, tenant_id: Story(
            title="Recharge RC-81",
            lines=[("Paid by", f"Alice for {tenant_id}")],
            url="/portal/acme/recharges/81/",
            admin_url="/admin/recharges/81/",
        ),
    )
    row = Transaction.objects.get(kind=Kind.RECHARGE)

    html = as_alice.get(own(row)).content.decode()

    assert 'href="/portal/acme/recharges/81/"' in html
    assert f"Alice for {history.tenant_id}" in html
    target = f"<b><bdi>{history.number} available</bdi></b>"
    assert f"From <b><bdi>gateway clearing</bdi></b> to {target}" in html
    assert "recharge:81:credit" in html
    assert "/admin/recharges/81/" not in html


def test_the_admin_page_links_to_admin_pages(client_of, history, monkeypatch):
    monkeypatch.setattr(stories, "_sources", {})
    stories.register_story_source(
        "recharge",
        lambda _reference, _tenant_id: Story(
            "R", [], url="/portal/x/", admin_url="/admin/y/"
        ),
    )
    row = Transaction.objects.get(kind=Kind.RECHARGE)
    url = reverse("funds_admin:view-transaction", args=[row.pk])

    html = client_of("sam").get(url).content.decode()

    assert 'href="/admin/y/"' in html
    assert "/portal/x/" not in html
    assert reverse("funds_admin:view-account", args=[history.pk]) in html


def test_a_transaction_shows_what_was_before_and_after(as_alice, history):
    usage = Transaction.objects.get(kind=Kind.USAGE)

    response = as_alice.get(own(usage))

    figures = [
        (str(f.label), str(f.value), str(f.note)) for f in response.context["figures"]
    ]
    assert figures == [
        ("Expenditure", "USD -0.004", ""),
        ("Available before", "USD 49.50", ""),
        ("Available after", "USD 49.496", "movement 6 of this account"),
    ]


def test_an_amount_that_is_rounded_for_show_is_said_exactly(as_alice, history):
    posted = ledger.post(purchase(history, "11.9308", kind=Kind.USAGE))
    row = Transaction.objects.get(pk=posted.id)

    html = as_alice.get(own(row)).content.decode()

    assert "−11.93<" in html
    assert "exactly USD −11.930800" in html


def test_a_reversal_and_what_it_undoes_lead_to_each_other(as_alice, history, sam):
    undone = Transaction.objects.get(kind=Kind.RENEWAL)
    posted = reversals.reverse(actor=sam, transaction_id=undone.pk, reason="Wrong", at=AT)
    reversal = Transaction.objects.get(pk=posted.id)

    assert own(reversal) in as_alice.get(own(undone)).content.decode()
    assert "Reversed" in as_alice.get(own(undone)).content.decode()
    assert own(undone) in as_alice.get(own(reversal)).content.decode()


def test_a_hold_says_what_became_of_it(as_alice, history):
    captured = Transaction.objects.get(kind=Kind.HOLD)
    still_open = Transaction.objects.get(pk=hold(history, "1", order=12).id)

    assert "Hold captured" in as_alice.get(own(captured)).content.decode()
    assert "On hold" in as_alice.get(own(still_open)).content.decode()


def test_a_transaction_without_a_story_still_explains_itself(as_alice, history):
    ledger.post(purchase(history, "1", order=4040))
    row = Transaction.objects.get(reference="order:4040")

    html = as_alice.get(own(row)).content.decode()

    assert "The money moved" in html
    assert (
        f"From <b><bdi>{history.number} available</bdi></b> to <b><bdi>revenue</bdi></b>"
        in html
    )


def test_unplaced_money_is_shown_to_staff_only(client_of, history):
    posted = recharges_in.suspend(
        amount=money(history, "3"), reference="recharge:5", key="recharge:5:suspend", at=AT
    )
    url = reverse("funds_admin:view-transaction", args=[posted.id])

    html = client_of("sam").get(url).content.decode()

    assert "Between system pots" in html
    assert "From <b><bdi>gateway clearing</bdi></b> to <b><bdi>suspense</bdi></b>" in html
    assert client_of("tina").get(url).status_code == 404
    assert "Recharge" in kinds_in(client_of("sam"), ADMIN_LIST, q=f"T-{posted.id}")


def test_nothing_here_can_be_edited_or_deleted(as_alice, history):
    before = money_tables()
    url = own(Transaction.objects.latest("id"))

    for method in ("post", "put", "patch", "delete"):
        assert getattr(as_alice, method)(url).status_code == 405
    assert money_tables() == before


def test_the_list_in_arabic_isolates_numbers(client, alice, history):
    alice.language = "ar"
    alice.save()
    client.force_login(alice)

    html = client.get(LIST, headers={"Accept-Language": "ar"}).content.decode()

    assert '<bdi dir="ltr" class="c-money' in html


def test_filters_by_payment_channel(client_of, settings, history, alice, sam, acme, globex):
    """TRX-03, with real recharges: what other channels brought is left out."""
    settings.PAYMENT_GATEWAY_HOSTS = [payments.GATEWAY_ORIGIN]
    card, transfer, foreign = (
        payments.make_channel(sam, tenant, name=name)
        for tenant, name in ((acme, "Card"), (acme, "Wire"), (globex, "Foreign"))
    )
    paid = payments.start_recharge(alice, history, card)
    payments.deliver(card, payments.answer(paid))
    client = client_of("alice")

    options = client.get(LIST).context["list"].filters.form.fields["channel"].choices
    assert [label for value, label in options if value] == ["Card", "Wire"]
    assert kinds_in(client, channel=card.pk) == ["Recharge"]
    assert kinds_in(client, channel=transfer.pk) == []
    assert client.get(LIST, {"channel": foreign.pk}).context["list"].filter_problems
    assert kinds_in(client_of("sam"), ADMIN_LIST, channel=card.pk) == ["Recharge"]
