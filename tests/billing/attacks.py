"""Attacks on what is owed, by raw SQL: what each tries, and which guard refuses it.

`{…}` are ids of the world in `test_attacks`: its pot is charged through 13:00, `sub` runs
from 12:15 and `sub_b` from 12:00, both hourly; `ended` stopped at 12:30.
"""

from typing import Final

from tests.funds.attacks import DENIED, Attack

_CHARGE: Final = "({hour}, {sub}, {pot}, {tenant}, {rate}, {seconds}, {version}, {amount})"
_CHARGES: Final = (
    "INSERT INTO billing_charge (hour, subscription_id, fund_pot_id, tenant_id, rate_id,"
    " seconds, price_version_id, amount) VALUES "
)
_SUB: Final = (
    "INSERT INTO billing_subscription (tenant_id, order_id, instance_id, fund_pot_id,"
    " currency, sale, quantities, price_version_id, billed_from, billed_until, term_until)"
    " VALUES ({tenant}, {order}, {instance}, {pot}, {currency}, {sale}, '{{{{}}}}',"
    " {{version}}, {start}, {until}, {term})"
)
_RATE: Final = (
    "INSERT INTO billing_rate (subscription_id, valid_from, valid_until, per_second,"
    " price_version_id) VALUES ({sub}, {start}, {until}, {per_second}, {version})"
)
_ORDER: Final = (
    "INSERT INTO billing_order (kind, state, tenant_id, business_group_id, fund_account_id,"
    " requested_by_id, form_key, product_id, name, vcpu, memory_gib, disk_gib,"
    " has_public_ip, sale, months, currency, amount, per_second, price_version_id, lines,"
    " needs_payment, hold_amount, created_at, failure, tries) VALUES ('NEW', {state},"
    " {{acme}}, {group}, {account}, {{mia}}, {form_key}, {{product}}, 'x', {vcpu},"
    " {memory}, {disk}, false, {sale}, {months}, {currency}, {amount}, {per_second},"
    " {{version}}, '[]', {needs_payment}, {hold}, now(), '', {tries})"
)


def at(clock: str) -> str:
    """An instant of the day on which the world is charged."""
    return f"'2026-03-01T{clock}Z'"


def charge(**facts: str) -> str:
    """One row: what `sub_b` really owes for the hour from 13:00, unless told otherwise."""
    values = {
        "hour": at("13:00"), "sub": "{sub_b}", "pot": "{pot}", "tenant": "{acme}",
        "rate": "{rate_b}", "seconds": "3600", "version": "{version}",
        "amount": "0.077173",
    } | facts  # fmt: skip
    return _CHARGE.format(**values)


def charges(*rows: str) -> str:
    return _CHARGES + ", ".join(rows)


def hour(**facts: str) -> str:
    """The whole hour from 13:00 of the pot, with `sub_b`'s charge changed."""
    return charges(charge(sub="{sub}", rate="{rate}"), charge(**facts))


def sub(**facts: str) -> str:
    """An hourly subscription for the order in processing, from 13:00."""
    values = {
        "tenant": "{acme}", "order": "{open_order}", "instance": "{open_instance}",
        "pot": "{pot}", "currency": "'USD'", "sale": "'HOURLY'", "start": at("13:00"),
        "until": "NULL", "term": "NULL",
    } | facts  # fmt: skip
    return _SUB.format(**values)


def rate(**facts: str) -> str:
    values = {
        "sub": "{sub}", "start": at("14:00"), "until": "NULL", "per_second": "0",
        "version": "{version}",
    } | facts  # fmt: skip
    return _RATE.format(**values)


def order(**facts: str) -> str:
    """An hourly order that waits for its payment."""
    values = {
        "state": "'PENDING_PAYMENT'", "group": "{group}", "account": "{account}",
        "form_key": "gen_random_uuid()", "vcpu": "1", "memory": "1", "disk": "10",
        "sale": "'HOURLY'", "months": "0", "currency": "'USD'", "amount": "1",
        "per_second": "0.001", "needs_payment": "true", "hold": "1", "tries": "0",
    } | facts  # fmt: skip
    return _ORDER.format(**values)


def pending(change: str) -> str:
    return f"UPDATE billing_order SET {change} WHERE id = {{pending}}"


CHARGES: Final = [
    Attack("an hour again", "billing_charge_2026_03_pkey", hour(hour=at("12:00"))),
    Attack("an hour skipped", "charges_skip_no_hour",
           charges(charge(hour=at("14:00"), sub="{sub}", rate="{rate}"),
                   charge(hour=at("14:00")))),
    Attack("an hour long before", "charges_are_what_is_due",
           charges(charge(hour=at("10:00")))),
    Attack("a subscription left out", "charges_are_what_is_due", charges(charge())),
    Attack("a subscription too many", "charges_are_what_is_due",
           charges(charge(sub="{sub}", rate="{rate}"), charge(), charge(sub="{ended}"))),
    Attack("a term charged by the hour", "charges_are_what_is_due",
           charges(charge(sub="{sub}", rate="{rate}"), charge(), charge(sub="{term}"))),
    Attack("a second less", "charges_are_what_is_due", hour(seconds="3599")),
    Attack("no seconds", "charges_are_what_is_due", hour(seconds="0", amount="0")),
    Attack("a millionth more", "charges_are_what_is_due", hour(amount="0.077174")),
    Attack("for nothing", "charges_are_what_is_due", hour(amount="0")),
    Attack("a negative amount", "charges_are_what_is_due", hour(amount="-0.077173")),
    Attack("no number", "charges_are_what_is_due", hour(amount="'NaN'")),
    Attack("by another's rate", "charges_are_what_is_due", hour(rate="{rate}")),
    Attack("by another price", "charges_are_what_is_due", hour(version="{draft}")),
    Attack("to another's pot", "charges_are_what_is_due", hour(pot="{globex_pot}")),
    Attack("to another of the tenant's pots", "charges_are_what_is_due",
           hour(pot="{other_pot}")),
    Attack("in another tenant's name", "charges_are_what_is_due", hour(tenant="{globex}")),
    Attack("what does not exist", "charges_are_what_is_due",
           charges(charge(sub="999999", pot="{globex_pot}", tenant="{globex}"))),
    Attack("half past", "charge_is_of_one_past_hour", hour(hour=at("13:30"))),
    Attack("the hour that comes", "charge_is_of_one_past_hour",
           "SELECT billing_open_month(now() + interval '1 hour'); "
           + charges(charge(hour="date_trunc('hour', now() + interval '1 hour')"))),
    Attack("two hours in one", "charge_is_of_one_past_hour",
           charges(charge(), charge(hour=at("14:00")))),
    Attack("past the guards into a partition", "charge_enters_by_the_whole",
           charges(charge(sub="{sub}", rate="{rate}"), charge()).replace(
               "INTO billing_charge", "INTO billing_charge_2026_03")),
    Attack("a partition changed", "charge_is_append_only",
           "UPDATE billing_charge_2026_03 SET amount = 0"),
    Attack("a partition emptied", "charge_is_append_only",
           "TRUNCATE billing_charge_2026_03"),
    Attack("a charge changed", "charge_is_append_only",
           "UPDATE billing_charge SET amount = 0"),
    Attack("a charge of no row changed", "charge_is_append_only",
           "UPDATE billing_charge SET amount = 0 WHERE false"),
    Attack("a charge removed", "charge_is_append_only", "DELETE FROM billing_charge"),
    Attack("charges emptied", "charge_is_append_only", "TRUNCATE billing_charge"),
    Attack("a charge written over", "charge_is_append_only",
           hour(hour=at("12:00")) + " ON CONFLICT (hour, subscription_id)"
           " DO UPDATE SET amount = 0"),
    Attack("a month of the far future", "charge_month_is_plausible",
           "SELECT billing_open_month('2999-01-01')", app="charge_month_is_plausible"),
    Attack("guards off for replication", "charges_are_what_is_due",
           "SET LOCAL session_replication_role = replica; " + charges(charge()),
           owner=DENIED),
]  # fmt: skip
# The application inserts charges itself, so the guards must refuse it like everybody.
for _attack in CHARGES:
    if _attack.sql.startswith(("INSERT INTO billing_charge (", "SELECT")):
        object.__setattr__(_attack, "app", _attack.guard)
    if "ON CONFLICT" in _attack.sql:
        object.__setattr__(_attack, "app", DENIED)

SUBSCRIPTIONS: Final = [
    Attack("begins in a closed hour", "closed_hours_stay", sub(start=at("12:59:59")),
           app="closed_hours_stay"),
    Attack("ends in a closed hour", "closed_hours_stay",
           "UPDATE billing_subscription SET billed_until = " + at("12:45")
           + " WHERE id = {sub}", app="closed_hours_stay"),
    Attack("begins within a second", "subscription_has_whole_seconds",
           sub(start=at("13:00:00.5")), app="subscription_has_whole_seconds"),
    Attack("ends before it began", "subscription_ends_after_it_began",
           sub(start=at("14:00"), until=at("13:30")),
           app="subscription_ends_after_it_began"),
    Attack("paid by another tenant", "subscription_fits_its_fund_account",
           sub(pot="{globex_pot}"), app="subscription_fits_its_fund_account"),
    Attack("paid by another account", "subscription_fits_its_fund_account",
           sub(pot="{other_pot}"), app="subscription_fits_its_fund_account"),
    Attack("paid from what is held", "subscription_fits_its_fund_account",
           sub(pot="{held}"), app="subscription_fits_its_fund_account"),
    Attack("in another tenant's name", "subscription_fits_its_fund_account",
           sub(tenant="{globex}"), app="subscription_fits_its_fund_account"),
    Attack("in another currency", "subscription_fits_its_fund_account",
           sub(currency="'EUR'"), app="subscription_fits_its_fund_account"),
    Attack("sold otherwise than ordered", "subscription_fits_its_fund_account",
           sub(sale="'TERM'", term=at("23:00")), app="subscription_fits_its_fund_account"),
    Attack("of another's instance", "subscription_fits_its_fund_account",
           sub(instance="{instance}"), app="subscription_fits_its_fund_account"),
    Attack("hourly with a term", "subscription_is_hourly_or_for_a_term",
           sub(term=at("23:00")), app="subscription_is_hourly_or_for_a_term"),
    Attack("an order fulfilled twice", "billing_subscription_order_id_key",
           sub(order="{ended_order}", instance="{ended_instance}", start=at("15:00")),
           app="billing_subscription_order_id_key"),
    Attack("an instance paid for twice", "an_instance_is_paid_for_once",
           "ALTER TABLE billing_subscription"
           " DROP CONSTRAINT billing_subscription_order_id_key; "
           + sub(order="{order}", instance="{instance}"), app=DENIED),
    Attack("an ended one goes on", "subscription_stays",
           "UPDATE billing_subscription SET billed_until = NULL WHERE id = {ended}",
           app="subscription_stays"),
    Attack("an ended one ends later", "subscription_stays",
           "UPDATE billing_subscription SET billed_until = " + at("15:00")
           + " WHERE id = {ended}", app="subscription_stays"),
    Attack("begins later than it did", "subscription_stays",
           "UPDATE billing_subscription SET billed_from = " + at("13:00")
           + " WHERE id = {sub}"),
    Attack("given to another pot", "subscription_stays",
           "UPDATE billing_subscription SET fund_pot_id = {other_pot} WHERE id = {sub}"),
    Attack("made a term", "subscription_stays",
           "UPDATE billing_subscription SET sale = 'TERM', term_until = " + at("23:00")
           + " WHERE id = {sub}"),
    Attack("removed", "subscription_stays",
           "DELETE FROM billing_subscription WHERE id = {ended}"),
    Attack("emptied", "billing_sub_no_truncate", "TRUNCATE billing_subscription CASCADE"),
]  # fmt: skip

RATES: Final = [
    Attack("two at once", "a_second_has_one_rate", rate(), app="a_second_has_one_rate"),
    Attack("within an hour", "an_hour_has_one_rate", rate(start=at("14:30")),
           app="an_hour_has_one_rate"),
    Attack("until within an hour", "an_hour_has_one_rate",
           "UPDATE billing_rate SET valid_until = " + at("14:30") + " WHERE id = {rate}",
           app="an_hour_has_one_rate"),
    Attack("before the subscription", "an_hour_has_one_rate", rate(start=at("11:00")),
           app="an_hour_has_one_rate"),
    Attack("for a term", "an_hour_has_one_rate", rate(sub="{term}"),
           app="an_hour_has_one_rate"),
    Attack("in a closed hour", "closed_hours_stay", rate(start=at("12:15")),
           app="closed_hours_stay"),
    Attack("ends in a closed hour", "closed_hours_stay",
           "UPDATE billing_rate SET valid_until = " + at("12:00") + " WHERE id = {rate}",
           app="closed_hours_stay"),
    Attack("no number", "rate_is_a_sane_number", rate(per_second="'NaN'"),
           app="rate_is_a_sane_number"),
    Attack("negative", "rate_is_a_sane_number", rate(per_second="-0.000001"),
           app="rate_is_a_sane_number"),
    Attack("ends as it begins", "rate_ends_after_it_began", rate(until=at("14:00")),
           app="rate_ends_after_it_began"),
    Attack("of a draft", "rate_has_a_published_price", rate(version="{draft}"),
           app="rate_has_a_published_price"),
    Attack("of another currency", "rate_has_a_published_price", rate(version="{euro}"),
           app="rate_has_a_published_price"),
    Attack("changed", "rate_stays",
           "UPDATE billing_rate SET per_second = 0 WHERE id = {rate}"),
    Attack("removed", "rate_stays", "DELETE FROM billing_rate WHERE id = {rate}"),
    Attack("emptied", "billing_rate_no_truncate", "TRUNCATE billing_rate"),
]  # fmt: skip

ORDERS: Final = [
    Attack("for another tenant's group", "order_fits_its_fund_account",
           order(group="{globex_group}")),
    Attack("on another tenant's account", "order_fits_its_fund_account",
           order(account="{globex_account}")),
    Attack("on a deleted account", "order_fits_its_fund_account",
           order(account="{dead_account}")),
    Attack("in another currency", "order_fits_its_fund_account", order(currency="'EUR'")),
    Attack("without paying", "order_fits_its_fund_account",
           order(needs_payment="false", hold="0", state="'PROCESSING'")),
    Attack("paid before it was made", "order_moves_forward", order(state="'PROCESSING'")),
    Attack("done before it was made", "order_moves_forward", order(state="'COMPLETED'")),
    Attack("done without work", "order_moves_forward",
           pending("state = 'COMPLETED', finished_at = now()")),
    Attack("failed without work", "order_moves_forward",
           pending("state = 'FAILED', finished_at = now()")),
    Attack("of no known state", "order_moves_forward", pending("state = 'PAID'")),
    Attack("a paid one cancelled", "order_moves_forward",
           "UPDATE billing_order SET state = 'CANCELLED', finished_at = now()"
           " WHERE id = {open_order}"),
    Attack("made cheaper", "order_keeps_what_was_agreed", pending("amount = 0.01")),
    Attack("made larger", "order_keeps_what_was_agreed", pending("vcpu = 64")),
    Attack("given to another account", "order_keeps_what_was_agreed",
           pending("fund_account_id = {other_account}")),
    Attack("given another hold", "order_keeps_what_was_agreed",
           "UPDATE billing_order SET hold_id = 1 WHERE id = {open_order}"),
    Attack("given another instance", "order_keeps_what_was_agreed",
           "UPDATE billing_order SET instance_id = NULL WHERE id = {open_order}"),
    Attack("an ended one taken up again", "order_keeps_what_was_agreed",
           "UPDATE billing_order SET state = 'PROCESSING', finished_at = NULL"
           " WHERE id = {failed}"),
    Attack("an ended one changed", "order_keeps_what_was_agreed",
           "UPDATE billing_order SET failure = '' WHERE id = {failed}"),
    Attack("worked on without a payment", "order_is_paid_before_it_is_worked_on",
           pending("state = 'PROCESSING'")),
    Attack("cancelled at no time", "order_is_finished_once_it_ended",
           pending("state = 'CANCELLED'")),
    Attack("for nothing", "order_amount_is_sane", order(amount="0", hold="0")),
    Attack("for no number", "order_amount_is_sane", order(amount="'NaN'", hold="'NaN'")),
    Attack("for too much", "order_amount_is_sane", order(amount="1e13", hold="1e13")),
    Attack("by the hour for a month", "order_is_hourly_or_for_a_term", order(months="1")),
    Attack("by the hour for nothing", "order_is_hourly_or_for_a_term",
           order(per_second="0")),
    Attack("holding too little", "order_holds_what_it_costs", order(hold="0.99")),
    Attack("one form for two", "one_order_per_form",
           order(form_key="(SELECT form_key FROM billing_order WHERE id = {{pending}})")
           .replace("{{", "{").replace("}}", "}")),
    Attack("one hold for two", "one_order_per_hold",
           pending("hold_id = (SELECT hold_id FROM billing_order"
                   " WHERE id = {open_order})")),
    Attack("one instance for two", "billing_order_instance_id_key",
           pending("instance_id = {instance}")),
    Attack("negative vCPU", "billing_order_vcpu_check", order(vcpu="-1")),
    Attack("negative memory", "billing_order_memory_gib_check", order(memory="-1")),
    Attack("negative disk", "billing_order_disk_gib_check", order(disk="-1")),
    Attack("negative months", "billing_order_months_check", order(months="-1")),
    Attack("negative tries", "billing_order_tries_check", pending("tries = -1")),
    Attack("removed", "order_stays", "DELETE FROM billing_order WHERE id = {pending}",
           app=DENIED),
    Attack("emptied", "billing_order_no_truncate", "TRUNCATE billing_order CASCADE",
           app=DENIED),
    Attack("a timeline changed", "order_event_is_append_only",
           "UPDATE billing_orderevent SET note = ''", app=DENIED),
    Attack("a timeline removed", "order_event_is_append_only",
           "DELETE FROM billing_orderevent", app=DENIED),
    Attack("a timeline emptied", "order_event_is_append_only",
           "TRUNCATE billing_orderevent", app=DENIED),
]  # fmt: skip

RUNS: Final = [
    Attack("a batch from the end", "batch_range_is_a_range",
           "INSERT INTO billing_hourbatch (hour, first_pot_id, last_pot_id, planned_at,"
           " charges) VALUES (now(), 2, 1, now(), 0)"),
    Attack("a batch of negative charges", "billing_hourbatch_charges_check",
           "INSERT INTO billing_hourbatch (hour, first_pot_id, last_pot_id, planned_at,"
           " charges) VALUES (now(), 1, 2, now(), -1)"),
    Attack("an account parked twice", "a_fund_account_is_parked_once",
           "INSERT INTO billing_parking (fund_account_id, hour, reason, parked_at,"
           " last_tried_at, tries) SELECT {account}, now(), '', now(), now(), 1"
           " FROM generate_series(1, 2)"),
    Attack("negative tries", "billing_parking_tries_check",
           "INSERT INTO billing_parking (fund_account_id, hour, reason, parked_at,"
           " last_tried_at, tries) VALUES ({account}, now(), '', now(), now(), -1)"),
    Attack("a version adopted twice", "billing_priceadoption_price_version_id_key",
           "INSERT INTO billing_priceadoption (price_version_id, adopted_at)"
           " SELECT {version}, now() FROM generate_series(1, 2)"),
]  # fmt: skip
for _attack in [*ORDERS, *RUNS]:
    if _attack.app == DENIED and _attack.sql.startswith(
        ("INSERT", "UPDATE billing_order ")
    ):
        object.__setattr__(_attack, "app", _attack.guard)

ATTACKS: Final = [*CHARGES, *SUBSCRIPTIONS, *RATES, *ORDERS, *RUNS]
