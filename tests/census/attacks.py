"""Attacks on the tables whose apps hold no money themselves, and on prices.

Each names the guard that must refuse it; `{…}` are ids of the world in `test_attacks`.
"""

from typing import Final, NamedTuple


class Attack(NamedTuple):
    """The guard that must refuse, and the statement."""

    guard: str
    sql: str


_TENANT: Final = (
    "INSERT INTO accounts_tenant (name, slug, kind, currency, time_zone, billing_plan)"
    " VALUES ({name}, {slug}, 'ORGANIZATION', {currency}, 'UTC', 'PREPAID')"
)
_USER: Final = (
    "INSERT INTO accounts_user (password, email, name, staff_role, language, time_zone,"
    " theme, is_active) VALUES ('!', {email}, 'Eve', '', 'en', 'UTC', '', true)"
)
_RUN: Final = (
    "INSERT INTO jobs_jobrun (job, state, started_at, finished_at, counted, amounts,"
    " errors, dry_run, lag_s, started_by) VALUES ('job', {state}, now(), {finished},"
    " {counted}, '[]', '[]', false, {lag}, 'attack')"
)
_PRICE: Final = (
    "INSERT INTO pricing_price (version_id, product_id, component, hourly, monthly)"
    " VALUES ({{draft}}, {{product}}, {component}, {hourly}, {monthly})"
)
_VERSION: Final = (
    "INSERT INTO pricing_priceversion (price_list_id, effective_from, existing_from,"
    " published_at, note) VALUES ({{price_list}}, {effective}, {existing}, {published}, '')"
)
_INSTANCE: Final = (
    "INSERT INTO resources_instance (tenant_id, business_group_id, name, vcpu, memory_gib,"
    " disk_gib, has_public_ip, state, failure, driver) VALUES ({{acme}}, {group}, {name},"
    " {vcpu}, {memory}, {disk}, false, {state}, '', 'simulated')"
)


def tenant(name: str = "'New'", slug: str = "'new'", currency: str = "'USD'") -> str:
    return _TENANT.format(name=name, slug=slug, currency=currency)


def run(
    state: str = "'RUNNING'", finished: str = "NULL", counted: str = "0", lag: str = "0"
) -> str:
    return _RUN.format(state=state, finished=finished, counted=counted, lag=lag)


def price(component: str = "'VCPU'", hourly: str = "1", monthly: str = "1") -> str:
    return _PRICE.format(component=component, hourly=hourly, monthly=monthly)


def version(
    effective: str = "now()", existing: str = "NULL", published: str = "NULL"
) -> str:
    return _VERSION.format(effective=effective, existing=existing, published=published)


def instance(**facts: str) -> str:
    values = {
        "group": "{group}", "name": "'new'", "vcpu": "1", "memory": "1", "disk": "10",
        "state": "'REQUESTED'",
    } | facts  # fmt: skip
    return _INSTANCE.format(**values)


def changed(table: str, change: str, row: str) -> str:
    return f"UPDATE {table} SET {change} WHERE id = {row}"


ACCOUNTS: Final = [
    Attack("audit_is_append_only", "UPDATE accounts_auditentry SET verb = 'nothing'"),
    Attack("audit_is_append_only", "DELETE FROM accounts_auditentry"),
    Attack("audit_is_append_only", "TRUNCATE accounts_auditentry"),
    Attack("one_tenant_per_name", tenant(name="'ACME'")),
    Attack("accounts_tenant_slug_key", tenant(slug="'acme'")),
    Attack("tenant_currency_is_a_code", tenant(currency="'usd'")),
    Attack("one_group_per_tenant_and_name",
           "INSERT INTO accounts_businessgroup (tenant_id, name)"
           " VALUES ({acme}, 'OPERATIONS')"),
    Attack("accounts_user_email_key", _USER.format(email="'tina@example.test'")),
    Attack("one_person_per_email", _USER.format(email="'TINA@example.test'")),
    Attack("one_membership_per_tenant_and_person",
           "INSERT INTO accounts_membership (tenant_id, user_id, role)"
           " VALUES ({acme}, {tina}, 'VIEWER')"),
    Attack("accounts_membership_grou_membership_id_businessgr_28dc2836_uniq",
           "INSERT INTO accounts_membership_groups (membership_id, businessgroup_id)"
           " SELECT membership_id, businessgroup_id FROM accounts_membership_groups"),
]  # fmt: skip

JOBS: Final = [
    Attack("job_run_is_finished_once_it_stopped", run(state="'FINISHED'")),
    Attack("job_run_is_finished_once_it_stopped", run(finished="now()")),
    Attack("jobs_jobrun_counted_check", run(counted="-1")),
    Attack("jobs_jobrun_lag_s_check", run(lag="-1")),
]

PRICING: Final = [
    Attack("pricing_product_code_key",
           "INSERT INTO pricing_product (code, name, state)"
           " VALUES ('instance', 'X', 'ON_SALE')"),
    Attack("one_price_list_per_currency",
           "INSERT INTO pricing_pricelist (name, currency) VALUES ('Second', 'USD')"),
    Attack("price_list_currency_is_a_code",
           "INSERT INTO pricing_pricelist (name, currency) VALUES ('Odd', 'us')"),
    Attack("pricing_currency_stays",
           changed("pricing_pricelist", "currency = 'EUR'", "{price_list}")),
    Attack("one_published_version_per_instant",
           version(effective="(SELECT effective_from FROM pricing_priceversion"
                             " WHERE id = {version})", published="now()")
           .replace("{{version}}", "{version}")),
    Attack("prices_reach_existing_subscriptions_later",
           version(existing="now() - interval '1 second'")),
    Attack("effective_price_version_stays",
           changed("pricing_priceversion", "note = 'x'", "{version}")),
    Attack("effective_price_version_stays",
           changed("pricing_priceversion", "published_at = NULL", "{version}")),
    Attack("effective_price_version_stays",
           "DELETE FROM pricing_priceversion WHERE id = {version}"),
    Attack("effective_price_version_stays",
           changed("pricing_priceversion", "price_list_id = {other_list}", "{draft}")),
    Attack("pricing_version_no_truncate", "TRUNCATE pricing_priceversion CASCADE"),
    Attack("published_price_stays",
           "UPDATE pricing_price SET hourly = 0 WHERE version_id = {version}"),
    Attack("published_price_stays",
           "DELETE FROM pricing_price WHERE version_id = {version}"),
    Attack("published_price_stays",
           price().replace("{draft}", "{version}").replace("'VCPU'", "'GPU'")),
    Attack("published_price_stays",
           "UPDATE pricing_price SET version_id = {draft} WHERE version_id = {version}"),
    Attack("pricing_price_no_truncate", "TRUNCATE pricing_price"),
    Attack("one_price_per_version_product_component", price() + "; " + price()),
    Attack("hourly_price_is_a_sane_number", price(hourly="'NaN'")),
    Attack("hourly_price_is_a_sane_number", price(hourly="-0.000001")),
    Attack("monthly_price_is_a_sane_number", price(monthly="'NaN'")),
    Attack("monthly_price_is_a_sane_number", price(monthly="-1")),
]  # fmt: skip

RESOURCES: Final = [
    Attack("instance_starts_requested", instance(state="'RUNNING'")),
    Attack("instance_starts_requested", instance(group="{globex_group}")),
    Attack("instance_stays", "DELETE FROM resources_instance WHERE id = {instance}"),
    Attack("instance_keeps_its_shape",
           changed("resources_instance", "vcpu = vcpu + 1", "{instance}")),
    Attack("instance_keeps_its_shape",
           changed("resources_instance", "tenant_id = {globex}", "{instance}")),
    Attack("instance_moves_forward",
           changed("resources_instance", "state = 'RUNNING', deployed_at = now()",
                   "{instance}")),
    Attack("running_instance_was_deployed",
           changed("resources_instance", "state = 'DEPLOYING'", "{instance}") + "; "
           + changed("resources_instance", "state = 'RUNNING'", "{instance}")),
    Attack("instance_is_deleted_after_it_was_made",
           changed("resources_instance", "deleted_at = '2001-01-01'", "{instance}")),
    Attack("one_living_instance_per_tenant_and_name", instance(name="'WEB'")),
    Attack("instance_has_a_size_we_build", instance(vcpu="65")),
    Attack("instance_has_a_size_we_build", instance(disk="9")),
    Attack("instance_name_is_a_host_name", instance(name="'-x'")),
]  # fmt: skip

ATTACKS: Final = [*ACCOUNTS, *JOBS, *PRICING, *RESOURCES]
