"""Attacks on the money tables by raw SQL: what each tries, and which guard refuses it.

An attack runs as the application (`cmp_app`), as the owner of the tables and as the
superuser. `guard` is the constraint or trigger that must refuse the two latter; the
application is refused for want of the right, unless `app` names another guard.
"""

from dataclasses import dataclass
from typing import Final

DENIED: Final = "42501"  # permission denied


@dataclass(frozen=True)
class Attack:
    """One attempt; `sql` may name the ids of the world in braces."""

    name: str
    guard: str
    sql: str
    app: str = DENIED
    owner: str = ""
    # Roles for which it is no attack: what they are trusted with.
    skip: tuple[str, ...] = ()


def row(**facts: str) -> str:
    """The values of a transaction row: a purchase of 1 from account A, unless told."""
    values = {
        "tenant": "{acme}", "currency": "'USD'", "source": "{a}", "target": "{revenue}",
        "amount": "1", "kind": "20", "occurred": "now()", "key": "'attack:1:purchase'",
        "reverses": "NULL", "sv": "3", "sb": "69", "tv": "NULL", "tb": "NULL",
    } | facts  # fmt: skip
    return (
        "({tenant}, {currency}, {source}, {target}, {amount}, {kind}, {occurred}, {key}, "
        "'', {reverses}, {sv}, {sb}, {tv}, {tb})"
    ).format(**values)


def insert(*rows: str) -> str:
    return (
        "INSERT INTO funds_transaction (tenant_id, currency, source_id, target_id, amount, "
        "kind, occurred_at, key, reference, reverses_id, source_version, "
        "source_balance_after, target_version, target_balance_after) VALUES "
        + ", ".join(rows)
    )


def below_a_trigger(statement: str) -> str:
    """The same by a trigger of one's own, where the depth guard does not look."""
    return f"""
      CREATE TABLE public.bait (n int);
      CREATE FUNCTION public.rogue() RETURNS trigger LANGUAGE plpgsql AS
        $rogue$ BEGIN {statement}; RETURN NULL; END $rogue$;
      CREATE TRIGGER rogue AFTER INSERT ON public.bait
        FOR EACH STATEMENT EXECUTE FUNCTION public.rogue();
      INSERT INTO public.bait VALUES (1)"""


def second(**facts: str) -> str:
    """Another row like `row`, the next of the same pot."""
    return row(**({"key": "'attack:2:purchase'", "sv": "4", "sb": "68"} | facts))


BALANCES = [
    Attack("balance by hand", "pot_balance_moves",
           "UPDATE funds_potbalance SET balance = balance + 1 WHERE pot_id = {a}"),
    Attack("version by hand", "pot_balance_moves",
           "UPDATE funds_potbalance SET version = version + 1 WHERE pot_id = {a}"),
    Attack("balance and version by hand", "pot_balance_moves",
           "UPDATE funds_potbalance SET balance = 9, version = version + 1 "
           "WHERE pot_id = {a}"),
    Attack("watermark by hand", "pot_balance_moves",
           "UPDATE funds_potbalance SET charged_through = now() WHERE pot_id = {a}"),
    Attack("a balance for a system pot", "pot_balance_moves",
           "INSERT INTO funds_potbalance VALUES ({revenue}, 1000, 1, NULL)"),
    Attack("upsert of a balance", "pot_balance_moves",
           "INSERT INTO funds_potbalance VALUES ({a}, 0, 0, NULL) "
           "ON CONFLICT (pot_id) DO UPDATE SET balance = 1000"),
    Attack("merge of a balance", "pot_balance_moves",
           "MERGE INTO funds_potbalance b USING (SELECT {a}::bigint AS id) x "
           "ON b.pot_id = x.id WHEN MATCHED THEN UPDATE SET balance = 1000"),
    Attack("balance row given to another pot", "pot_balance_moves",
           "UPDATE funds_potbalance SET pot_id = {revenue} WHERE pot_id = {a}"),
    Attack("balance deleted", "pot_balance_stays",
           "DELETE FROM funds_potbalance WHERE pot_id = {a}"),
    Attack("balances truncated", "pot_balance_stays",
           "TRUNCATE funds_potbalance CASCADE"),
    Attack("balance set back by a trigger of one's own", "pot_balance_forward",
           below_a_trigger("UPDATE public.funds_potbalance SET version = 1, balance = 100 "
                           "WHERE pot_id = {a}")),
    Attack("balance alone moved by a trigger of one's own", "pot_balance_forward",
           below_a_trigger("UPDATE public.funds_potbalance SET balance = 1000 "
                           "WHERE pot_id = {a}")),
    Attack("balance row re-keyed by a trigger of one's own", "pot_balance_forward",
           below_a_trigger("UPDATE public.funds_potbalance SET pot_id = {revenue}, "
                           "version = version + 1 WHERE pot_id = {a}")),
    Attack("rich balance born below a trigger of one's own", "pot_balance_born",
           below_a_trigger("INSERT INTO public.funds_potbalance "
                           "VALUES ({revenue}, 1000, 0, NULL)")),
    Attack("balance of an untracked pot born below a trigger", "pot_balance_born",
           below_a_trigger("INSERT INTO public.funds_potbalance "
                           "VALUES ({revenue}, 0, 0, NULL)")),
    Attack("a second balance for a pot", "funds_potbalance_pkey",
           below_a_trigger("INSERT INTO public.funds_potbalance VALUES ({a}, 0, 0, NULL)")),
]  # fmt: skip

POTS = [
    Attack("pot to another currency", "pot_identity",
           "UPDATE funds_pot SET currency = 'EUR' WHERE id = {a}"),
    Attack("pot to another tenant", "pot_identity",
           "UPDATE funds_pot SET tenant_id = {globex} WHERE id = {a}"),
    Attack("pot to another fund account", "pot_identity",
           "UPDATE funds_pot SET fund_account_id = {account2} WHERE id = {a}"),
    Attack("pot of another kind", "pot_identity",
           "UPDATE funds_pot SET kind = 2 WHERE id = {a}"),
    Attack("pot no longer tracked", "pot_identity",
           "UPDATE funds_pot SET is_tracked = false WHERE id = {a}"),
    Attack("pot deleted", "pot_stays", "DELETE FROM funds_pot WHERE id = {a}"),
    Attack("pots truncated", "pot_stays", "TRUNCATE funds_pot CASCADE"),
    Attack("floor by hand", "pot_floor_is_sane",
           "UPDATE funds_pot SET floor = 'NaN' WHERE id = {a}"),
    Attack("bottomless floor", "pot_floor_is_sane",
           "UPDATE funds_pot SET floor = -1e13 WHERE id = {a}"),
    Attack("floor of a system pot", "pot_floor_is_sane",
           "UPDATE funds_pot SET floor = 0 WHERE id = {revenue}"),
    Attack("usage floor above the floor", "pot_usage_floor_is_sane",
           "UPDATE funds_pot SET usage_floor = 1 WHERE id = {a}"),
    Attack("usage floor that is no number", "pot_usage_floor_is_sane",
           "UPDATE funds_pot SET usage_floor = 'NaN' WHERE id = {a}"),
    Attack("held pot below zero", "pot_held_never_falls_below_zero",
           "UPDATE funds_pot SET floor = -5, usage_floor = -5 WHERE id = {a_held}"),
    Attack("a pot of no kind", "pot_kind_is_known",
           "INSERT INTO funds_pot (tenant_id, kind, currency, is_tracked) "
           "VALUES (0, 17, 'USD', false)"),
    Attack("a tracked pot of nobody", "pot_is_a_fund_account_s_or_the_system_s",
           "INSERT INTO funds_pot (tenant_id, kind, currency, is_tracked) "
           "VALUES ({acme}, 1, 'USD', true)"),
    Attack("a system pot of a tenant", "pot_is_a_fund_account_s_or_the_system_s",
           "INSERT INTO funds_pot (tenant_id, kind, currency, is_tracked) "
           "VALUES ({acme}, 12, 'CHF', false)"),
    Attack("a pot without a currency", "pot_currency_is_a_code",
           "INSERT INTO funds_pot (tenant_id, kind, currency, is_tracked) "
           "VALUES (0, 12, 'us', false)"),
    Attack("a third pot", "one_pot_per_fund_account_and_kind",
           "INSERT INTO funds_pot (tenant_id, kind, fund_account_id, currency, is_tracked) "
           "VALUES ({acme}, 1, {account}, 'USD', true)"),
    Attack("a second revenue pot", "one_system_pot_per_kind_and_currency",
           "INSERT INTO funds_pot (tenant_id, kind, currency, is_tracked) "
           "VALUES (0, 12, 'USD', false)"),
    Attack("a pot of another tenant's fund account", "pot_fits_its_fund_account",
           "ALTER TABLE funds_pot DISABLE TRIGGER pot_identity; "
           "UPDATE funds_pot SET tenant_id = {globex} WHERE id = {a}"),
    Attack("a pot in another currency than its fund account", "pot_fits_its_fund_account",
           "ALTER TABLE funds_pot DISABLE TRIGGER pot_identity; "
           "UPDATE funds_pot SET currency = 'EUR' WHERE id = {a}"),
    Attack("a pot with a used number", "funds_pot_pkey",
           "INSERT INTO funds_pot (id, tenant_id, kind, currency, is_tracked) "
           "VALUES ({a}, 0, 12, 'CHF', false)"),
]  # fmt: skip

CHAIN = [
    Attack("no version", "ledger_source", insert(row(sv="NULL", sb="NULL"))),
    Attack("a version for a system pot", "ledger_target", insert(row(tv="1", tb="1"))),
    Attack("a balance for a system pot", "ledger_target", insert(row(tb="1"))),
    Attack("wrong balance after", "ledger_source", insert(row(sb="70"))),
    Attack("off by the smallest amount", "ledger_source", insert(row(sb="69.000001"))),
    Attack("a version skipped", "ledger_source", insert(row(sv="4"))),
    Attack("a version repeated on the same side", "transaction_source_version_is_used_once",
           insert(row(sv="2"))),
    Attack("a version repeated on the other side", "ledger_source", insert(row(sv="1"))),
    Attack("a version repeated at the target", "transaction_target_version_is_used_once",
           insert(row(source="{clearing}", target="{a}", kind="10", sv="NULL", sb="NULL",
                      tv="1", tb="101"))),
    Attack("half of a move between two tracked pots", "ledger_target",
           insert(row(target="{a_held}", kind="40"))),
    Attack("a balance without a version, in a set", "ledger_chain",
           insert(row(sv="NULL"), second(sv="3", sb="69"))),
    Attack("a version without a balance, in a set", "ledger_chain",
           insert(row(sb="NULL"), second())),
    Attack("no version, in a set", "ledger_system_pot",
           insert(row(sv="NULL", sb="NULL"), second(sv="3", sb="69"))),
    Attack("versions in the wrong order, in a set", "ledger_chain",
           insert(row(sv="4"), second(sv="3"))),
    Attack("a gap in a set", "ledger_chain", insert(row(), second(sv="5"))),
    Attack("a version twice in a set", "transaction_source_version_is_used_once",
           insert(row(), second(sv="3", sb="68"))),
    Attack("wrong balance after in a set", "ledger_chain",
           insert(row(), second(sb="68.5"))),
]  # fmt: skip

FLOOR = [
    Attack("a purchase below the floor", "ledger_floor",
           insert(row(amount="71", sb="-1"))),
    Attack("a purchase below the floor between credits", "ledger_floor",
           insert(row(amount="71", sb="-1"),
                  second(source="{clearing}", target="{a}", kind="10", amount="50",
                         sv="NULL", sb="NULL", tv="4", tb="49"))),
    Attack("usage from the held pot", "ledger_pots",
           insert(row(source="{a_held}", kind="30", sv="2", sb="29"))),
    Attack("more released than held", "ledger_floor",
           insert(row(source="{a_held}", target="{a}", amount="31", kind="50",
                      reverses="{hold}", sv="2", sb="-1", tv="3", tb="101"))),
    Attack("below the floor by an operator of one's own", "ledger_floor",
           "CREATE FUNCTION public.never(numeric, numeric) RETURNS boolean LANGUAGE sql "
           "AS 'SELECT false'; CREATE OPERATOR public.< (LEFTARG = numeric, "
           "RIGHTARG = numeric, FUNCTION = public.never); "
           "SET LOCAL search_path = public, pg_catalog; "
           + insert(row(amount="71", sb="-1"))),
]  # fmt: skip

VALUES = [
    Attack("a negative amount", "ledger_shape", insert(row(amount="-1", sb="71"))),
    Attack("nothing", "ledger_shape", insert(row(amount="0", sb="70"))),
    Attack("not a number", "ledger_shape", insert(row(amount="'NaN'", sb="'NaN'"))),
    Attack("infinitely much", "22003",
           insert(row(amount="'Infinity'")), app="22003"),
    Attack("too much", "ledger_shape", insert(row(amount="1e13", sb="-1e13"))),
    Attack("to itself", "ledger_shape", insert(row(target="{a}", tv="3", tb="69"))),
    Attack("of no kind", "ledger_shape", insert(row(kind="99"))),
    Attack("from the future", "ledger_shape",
           insert(row(occurred="now() + interval '6 minutes'"))),
    Attack("from before computers", "ledger_shape", insert(row(occurred="'1999-12-31'"))),
    Attack("a short key", "ledger_shape", insert(row(key="'k'"))),
    Attack("an endless key", "ledger_shape", insert(row(key="repeat('k', 201)"))),
    Attack("a used key", "transaction_key_is_used_once",
           insert(row(key="'recharge:1:credit'"))),
    Attack("a used number", "funds_transaction_pkey",
           insert(row()).replace("(tenant_id", "(id, tenant_id", 1)
           .replace("VALUES (", "OVERRIDING SYSTEM VALUE VALUES ({hold}, ")),
    Attack("malformed, in a set", "ledger_shape",
           insert(row(), second(amount="-1", sb="70"))),
    Attack("not a number, in a set", "ledger_shape",
           insert(row(), second(amount="'NaN'", sb="'NaN'"))),
]  # fmt: skip

FIT = [
    Attack("in another currency", "ledger_source", insert(row(currency="'EUR'"))),
    Attack("to a system pot of another currency", "ledger_target",
           insert(row(target="{revenue_eur}"))),
    Attack("from another tenant's account", "ledger_source",
           insert(row(source="{b}", sv="2", sb="49"))),
    Attack("to another tenant's account", "ledger_target",
           insert(row(target="{b}", tv="2", tb="51"))),
    Attack("to another account of the tenant", "ledger_pots",
           insert(row(target="{a2}", tv="1", tb="1"))),
    Attack("from a pot that is none", "ledger_source",
           insert(row(source="0", sv="NULL", sb="NULL"))),
    Attack("to a pot that is none", "ledger_target", insert(row(target="0"))),
    Attack("to a pot that is none, with a version", "ledger_target",
           insert(row(target="0", tv="1", tb="1"))),
    Attack("to another tenant's account in a set", "ledger_chain",
           insert(row(), second(source="{clearing}", target="{b}", kind="10", sv="NULL",
                                sb="NULL", tv="2", tb="51"))),
    Attack("in another currency in a set", "ledger_chain",
           insert(row(), second(currency="'EUR'"))),
    Attack("between two accounts of the tenant in a set", "ledger_pots",
           insert(row(), second(target="{a2}", tv="1", tb="1"))),
    Attack("to a system pot of another currency in a set", "ledger_system_pot",
           insert(row(), second(target="{revenue_eur}"))),
    Attack("into the held pot without a hold", "ledger_pots",
           insert(row(source="{clearing}", target="{a_held}", kind="10", sv="NULL",
                      sb="NULL", tv="2", tb="31"))),
    Attack("into the held pot without a hold, in a set", "ledger_pots",
           insert(row(), second(source="{clearing}", target="{a_held}", kind="10",
                                sv="NULL", sb="NULL", tv="2", tb="31"))),
    Attack("a hold of another account's money", "ledger_pots",
           insert(row(target="{a2_held}", kind="40", tv="1", tb="1"))),
    Attack("a hold of another account's money, in a set", "ledger_pots",
           insert(row(), second(target="{a2_held}", kind="40", tv="1", tb="1"))),
    Attack("a purchase called a hold", "ledger_pots", insert(row(kind="40"))),
    Attack("a purchase called a hold, in a set", "ledger_pots",
           insert(row(), second(kind="40"))),
]  # fmt: skip

APPEND_ONLY = [
    Attack("a transaction changed", "transaction_append_only",
           "UPDATE funds_transaction SET amount = 1"),
    Attack("no transaction changed", "transaction_append_only",
           "UPDATE funds_transaction SET amount = 1 WHERE false"),
    Attack("a transaction deleted", "transaction_append_only",
           "DELETE FROM funds_transaction WHERE id = {hold}"),
    Attack("transactions truncated", "transaction_append_only",
           "TRUNCATE funds_transaction CASCADE"),
    Attack("a transaction changed by upsert", "transaction_append_only",
           insert(row(key="'recharge:1:credit'"))
           + " ON CONFLICT (key) DO UPDATE SET amount = 1"),
]  # fmt: skip

_RELEASE = {
    "source": "{a_held}", "target": "{a}", "amount": "30", "kind": "50",
    "reverses": "{hold}", "sv": "2", "sb": "0", "tv": "3", "tb": "100",
}  # fmt: skip
REVERSALS = [
    Attack("a hold released twice in one statement", "transaction_is_reversed_at_most_once",
           insert(row(**_RELEASE),
                  row(**(_RELEASE | {"key": "'attack:2:release'", "sv": "3", "sb": "-30",
                                     "tv": "4", "tb": "130"})))),
    Attack("a hold released in part", "ledger_reverses",
           insert(row(**(_RELEASE | {"amount": "29", "sb": "1", "tb": "99"})))),
    Attack("a hold released to revenue", "ledger_pots",
           insert(row(**(_RELEASE | {"target": "{revenue}", "tv": "NULL", "tb": "NULL"})))),
    Attack("a release of no hold", "ledger_shape",
           insert(row(**(_RELEASE | {"reverses": "NULL"})))),
    Attack("a release of another transaction", "ledger_reverses",
           insert(row(**(_RELEASE | {"reverses": "{recharge}"})))),
    Attack("a release of nothing that exists", "ledger_reverses",
           insert(row(**(_RELEASE | {"reverses": "0"})))),
    Attack("a purchase that reverses", "ledger_shape", insert(row(reverses="{recharge}"))),
    Attack("a recharge taken back in part", "ledger_reverses",
           insert(row(source="{rich}", target="{clearing}", kind="60",
                      reverses="{rich_recharge}", sv="4", sb="999"))),
    Attack("a recharge taken back to revenue", "ledger_reverses",
           insert(row(source="{rich}", amount="1000", kind="60",
                      reverses="{rich_recharge}", sv="4", sb="0"))),
    Attack("a reversal reversed", "ledger_reverses",
           insert(row(source="{rich}", amount="10", kind="60", reverses="{undone}",
                      sv="4", sb="990"))),
    Attack("a transaction that reverses itself", "ledger_reverses",
           insert(row(kind="60", reverses="currval(pg_get_serial_sequence("
                                          "'funds_transaction', 'id'))"))),
    Attack("a release in part, in a set", "ledger_reverses",
           insert(row(**(_RELEASE | {"amount": "29", "sb": "1", "tb": "99"})),
                  second(sb="98"))),
]  # fmt: skip

_USAGE = {"kind": "31", "occurred": "date_trunc('hour', now())"}
USAGE = [
    Attack("a deduction without charges", "ledger_derived", insert(row(**_USAGE))),
    Attack("deductions without charges", "ledger_derived",
           insert(row(**_USAGE), second(**_USAGE))),
    Attack("a deduction among purchases", "ledger_derived",
           insert(row(), second(**_USAGE))),
    Attack("a deduction below a trigger of one's own, its pot unmoved", "ledger_chain",
           below_a_trigger(insert(row(**_USAGE)))),
    Attack("hourly use charged by hand", "pot_balance_moves",
           "SELECT funds_charge_usage(date_trunc('hour', now() - interval '1 hour'), "
           "ARRAY[{a}]::bigint[], ARRAY[1]::numeric[])"),
    Attack("the watermark started by hand", "pot_balance_moves",
           "SELECT public.funds_watermark_start({a}, now())"),
]  # fmt: skip

_ACCOUNT = (
    "INSERT INTO funds_fundaccount (tenant_id, name, description, kind, currency, "
    "owner_id, credit_limit, created_at, deleted_at) VALUES "
)
_LINK = (
    "INSERT INTO funds_fundaccountgroup (fund_account_id, business_group_id, tenant_id, "
    "linked_at, unlinked_at) VALUES "
)


def _guarded(name: str, guard: str, sql: str) -> Attack:
    """An attack that the application has the right to try, and the guard refuses."""
    return Attack(name, guard, sql, app=guard)


ACCOUNTS = [
    Attack("account to another tenant", "fund_account_identity",
           "UPDATE funds_fundaccount SET tenant_id = {globex} WHERE id = {account}"),
    Attack("account to another kind", "fund_account_identity",
           "UPDATE funds_fundaccount SET kind = 'POSTPAID' WHERE id = {account}"),
    Attack("account to another currency", "fund_account_identity",
           "UPDATE funds_fundaccount SET currency = 'EUR' WHERE id = {account}"),
    Attack("account with another beginning", "fund_account_identity",
           "UPDATE funds_fundaccount SET created_at = now() WHERE id = {account}"),
    Attack("account removed", "fund_account_stays",
           "DELETE FROM funds_fundaccount WHERE id = {account}"),
    Attack("accounts truncated", "fund_account_stays",
           "TRUNCATE funds_fundaccount CASCADE"),
    _guarded("account deleted with money in it", "fund_account_ends_empty",
             "UPDATE funds_fundaccount SET deleted_at = now() WHERE id = {account}"),
    _guarded("account deleted with a group paying from it", "fund_account_ends_unlinked",
             "UPDATE funds_fundaccount SET deleted_at = now() WHERE id = {account2}"),
    _guarded("account back from the dead", "fund_account_deleted_stays_so",
             "UPDATE funds_fundaccount SET deleted_at = NULL WHERE id = {dead}"),
    _guarded("deleted account renamed", "fund_account_deleted_stays_so",
             "UPDATE funds_fundaccount SET name = 'Alive' WHERE id = {dead}"),
    _guarded("account born dead", "fund_account_born",
             _ACCOUNT + "({acme}, 'X', '', 'PREPAID', 'USD', {alice}, 0, now(), now())"),
    _guarded("account owned by a stranger", "fund_account_owner_is_a_member",
             "UPDATE funds_fundaccount SET owner_id = {charlie} WHERE id = {account}"),
    _guarded("owner thrown out of the tenant", "fund_account_owner_is_a_member",
             "DELETE FROM accounts_membership_groups; "
             "DELETE FROM accounts_membership WHERE user_id = {alice}"),
    _guarded("account with a name that is taken",
             "fund_account_name_is_unique_in_its_tenant",
             "UPDATE funds_fundaccount SET name = 'SECOND' WHERE id = {account}"),
    _guarded("account without a name", "fund_account_has_a_name",
             "UPDATE funds_fundaccount SET name = ' ' WHERE id = {account}"),
    _guarded("account of no kind", "fund_account_kind_is_known",
             _ACCOUNT + "({acme}, 'X', '', 'GIFT', 'USD', {alice}, 0, now(), NULL)"),
    _guarded("account without a currency", "fund_account_currency_is_a_code",
             _ACCOUNT + "({acme}, 'X', '', 'PREPAID', 'us', {alice}, 0, now(), NULL)"),
    _guarded("credit for a prepaid account", "fund_account_credit_limit_is_sane",
             "UPDATE funds_fundaccount SET credit_limit = 5 WHERE id = {account}"),
    _guarded("a negative credit limit", "fund_account_credit_limit_is_sane",
             "UPDATE funds_fundaccount SET credit_limit = -1 WHERE id = {account2}"),
    _guarded("an endless credit limit", "fund_account_credit_limit_is_sane",
             "UPDATE funds_fundaccount SET credit_limit = 'NaN' WHERE id = {account2}"),
    _guarded("account of no tenant",
             "funds_fundaccount_tenant_id_36468155_fk_accounts_tenant_id",
             _ACCOUNT + "(0, 'X', '', 'PREPAID', 'USD', {alice}, 0, now(), NULL)"),
    _guarded("owner of a deleted account forgotten",
             "funds_fundaccount_owner_id_5b4fde14_fk_accounts_user_id",
             "DELETE FROM accounts_membership WHERE user_id = {mourner}; "
             "DELETE FROM accounts_user WHERE id = {mourner}; "
             "SET CONSTRAINTS ALL IMMEDIATE"),
    _guarded("account with a used number", "funds_fundaccount_pkey",
             _ACCOUNT.replace("(tenant_id", "(id, tenant_id")
             + "({account}, {acme}, 'X', '', 'PREPAID', 'USD', {alice}, 0, now(), NULL)"),
    _guarded("group given a second account", "group_has_at_most_one_fund_account",
             _LINK + "({account2}, {group}, {acme}, now(), NULL)"),
    _guarded("another tenant's group linked", "fund_account_group_group_is_of_the_tenant",
             _LINK + "({account2}, {globex_group}, {acme}, now(), NULL)"),
    _guarded("another tenant's account linked",
             "fund_account_group_account_is_of_the_tenant",
             _LINK + "({account2}, {globex_group}, {globex}, now(), NULL)"),
    _guarded("group linked to a deleted account", "fund_account_group_born",
             _LINK + "({dead}, {free_group}, {acme}, now(), NULL)"),
    _guarded("link that ends before it begins", "fund_account_group_ends_after_it_began",
             "UPDATE funds_fundaccountgroup SET unlinked_at = '2001-01-01' "
             "WHERE business_group_id = {group}"),
    _guarded("ended link taken up again", "fund_account_group_identity",
             "UPDATE funds_fundaccountgroup SET unlinked_at = NULL "
             "WHERE fund_account_id = {dead}"),
    Attack("link moved to another account", "fund_account_group_identity",
           "UPDATE funds_fundaccountgroup SET fund_account_id = {account2} "
           "WHERE business_group_id = {group}"),
    Attack("link removed", "fund_account_group_stays",
           "DELETE FROM funds_fundaccountgroup WHERE business_group_id = {group}"),
    Attack("links truncated", "fund_account_group_stays",
           "TRUNCATE funds_fundaccountgroup CASCADE"),
    _guarded("link with a used number", "funds_fundaccountgroup_pkey",
             _LINK.replace("(fund_account_id", "(id, fund_account_id")
             + "({link}, {account2}, {free_group}, {acme}, now(), NULL)"),
]  # fmt: skip

MACHINERY = [
    Attack("guards asleep for a replica", "transaction_append_only",
           "SET LOCAL session_replication_role = replica; "
           "DELETE FROM funds_transaction WHERE id = {hold}", owner=DENIED),
    Attack("balances asleep for a replica", "pot_balance_moves",
           "SET LOCAL session_replication_role = replica; "
           "UPDATE funds_potbalance SET balance = 1000 WHERE pot_id = {a}", owner=DENIED),
    Attack("a guard called by hand", "0A000", "SELECT public.funds_apply()"),
    Attack("a guard switched off", "",
           "ALTER TABLE funds_transaction DISABLE TRIGGER transaction_apply",
           skip=("owner", "superuser")),
    Attack("a guard dropped", "", "DROP TRIGGER pot_balance_moves ON funds_potbalance",
           skip=("owner", "superuser")),
    Attack("a guard replaced", "",
           "CREATE OR REPLACE FUNCTION public.funds_refuse() RETURNS trigger "
           "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'", skip=("owner", "superuser")),
    Attack("a trigger of one's own on balances", "",
           "CREATE TRIGGER mine BEFORE UPDATE ON funds_potbalance FOR EACH ROW "
           "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
           skip=("owner", "superuser")),
    Attack("a temporary table to hang a trigger on", "", "CREATE TEMPORARY TABLE bait ()",
           skip=("owner", "superuser")),
]  # fmt: skip

ATTACKS: Final = [
    *BALANCES,
    *POTS,
    *CHAIN,
    *FLOOR,
    *VALUES,
    *FIT,
    *APPEND_ONLY,
    *REVERSALS,
    *USAGE,
    *ACCOUNTS,
    *MACHINERY,
]
