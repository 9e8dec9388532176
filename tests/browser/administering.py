"""The forms a platform administrator fills in before anybody can pay."""

from tests.browser.visitor import Visitor

TENANT = "Al Noor Logistics"
PHRASE = "a phrase with $ & < > in it"


def add_group(admin: Visitor, name: str) -> None:
    admin.open("/admin/groups/add/")
    admin.page.locator("select[name=tenant]").select_option(label=TENANT)
    admin.page.locator("[name=name]").fill(name)
    admin.click("Save business group")
    admin.sees("Business group saved.")


def join_group(admin: Visitor, email: str, group: str) -> None:
    """Give somebody a place in one more business group."""
    rows = admin.site.as_owner(
        "SELECT m.id FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id"
        " WHERE u.email = %s",
        email,
    )
    admin.open(f"/admin/people/{rows[0][0]}/edit/")
    admin.page.get_by_role("checkbox", name=group).check()
    save(admin)
    admin.page.wait_for_url(lambda url: not url.endswith("/edit/"))


def fill_in_account(
    admin: Visitor, name: str, *, group: str, kind: str = "PREPAID"
) -> None:
    admin.open("/admin/fund-accounts/add/")
    admin.page.locator("select[name=tenant]").select_option(label=TENANT)
    admin.click("Continue")
    admin.page.locator("[name=name]").fill(name)
    admin.page.locator(f"input[name=kind][value={kind}]").check()
    admin.page.get_by_role("checkbox", name=group).check()
    owner = admin.page.locator("select[name=owner] option", has_text="Layla Haddad")
    admin.page.locator("select[name=owner]").select_option(owner.get_attribute("value"))
    save(admin)


def fill_in_channel(
    admin: Visitor, name: str, *, response_phrase: str, address: str = "", **others: str
) -> None:
    admin.open("/admin/channels/add/")
    fields = {
        "name": name,
        "description": "Cards",
        "address": address or admin.site.gateway_url,
        "access_code": "ANOTHERACCESS",
        "merchant_identifier": "ANOTHERMERCHANT",
        "request_phrase": PHRASE,
        "response_phrase": response_phrase,
        **others,
    }
    admin.page.locator("select[name=tenant]").select_option("all")
    for field, text in fields.items():
        admin.page.locator(f"main [name={field}]").fill(text)
    admin.click("Save payment channel")


def save(admin: Visitor) -> None:
    admin.page.locator("main form button.btn-primary").click()
