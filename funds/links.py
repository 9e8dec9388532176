"""Where fund screens lead: to each other, and to higher apps where those are installed."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from accounts import access
from accounts.access import Permission
from accounts.models import Tenant, User
from funds.models import FundAccount, Transaction


@dataclass(frozen=True, slots=True)
class Portal:
    """Addresses of fund pages in one portal: of a tenant, or the admin portal's."""

    slug: str = ""

    def account(self, account: FundAccount) -> str:
        return self._url("view-account", account.pk)

    def transaction(self, transaction: Transaction) -> str:
        return self._url("view-transaction", transaction.pk)

    def transactions_of(self, account: FundAccount) -> str:
        return f"{self._url('list-transactions')}?{urlencode({'account': account.pk})}"

    def _url(self, name: str, *args: object) -> str:
        if self.slug:
            return reverse(f"funds:{name}", args=[self.slug, *args])
        return reverse(f"funds_admin:{name}", args=args)


ADMIN: Final = Portal()


def recharge_url(actor: User, tenant: Tenant, account: FundAccount | None = None) -> str:
    """Where the actor can recharge this account, or any; empty if nowhere."""
    if account is not None and account.is_deleted:
        return ""
    if not access.allows(actor, Permission.RECHARGE, account or tenant):
        return ""
    try:
        url = reverse("payments:start-recharge", args=[tenant.slug])
    except NoReverseMatch:
        return ""
    return f"{url}?{urlencode({'account': account.pk})}" if account else url
