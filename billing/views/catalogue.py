"""User portal, Catalogue: what can be requested, at a price that is shown first."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

import funds.queries
import pricing.queries
from accounts import access
from accounts.access import Permission
from accounts.decorators import UserRequest, user_view
from accounts.queries import groups_of_member
from billing import display, queries
from billing.actions import orders
from billing.actions.orders import InstanceRequest
from billing.forms import ConfigurationForm, RequestForm
from billing.models import Order
from billing.queries import Estimate
from cmp.lib.errors import DomainError
from cmp.lib.htmx import render_page
from cmp.lib.money import Money
from cmp.lib.pages import succeeds
from payments.limits import limits_for
from pricing.models import Sale
from resources.actions.instances import Shape

_START: Final = {
    "vcpu": "2",
    "memory_gib": "4",
    "disk_gib": "50",
    "has_public_ip": "",
    "sale": Sale.HOURLY.value,
}
_SMALLEST: Final = Shape(vcpu=1, memory_gib=1, disk_gib=10, has_public_ip=False)


@require_GET
@user_view(Permission.REQUEST_RESOURCES)
def view_catalogue(request: UserRequest) -> HttpResponse:
    from_prices = {}
    for sale in Sale:
        try:
            quote = queries.quote_at(
                shape=_SMALLEST,
                sale=sale,
                currency=request.tenant.currency,
                at=timezone.now(),
            )
        except DomainError:
            continue
        from_prices[sale.value] = display.per_period(quote.total, sale)
    context = {
        "products": pricing.queries.products_on_sale(),
        "from_prices": from_prices,
        "smallest": _SMALLEST,
    }
    return render(request, "billing/user/catalogue.html", context)


@require_http_methods(["GET", "POST"])
@user_view(Permission.REQUEST_RESOURCES)
def request_instance(request: UserRequest) -> HttpResponse:
    page = RequestPage(request)
    form = page.form()
    made: list[Order] = []
    if page.is_sent and succeeds(form, lambda typed: made.append(page.submit(form, typed))):
        name = "pay-order" if made[0].is_payable else "view-order"
        return redirect(f"billing:{name}", request.tenant.slug, made[0].pk)
    return render_page(
        request,
        "billing/user/request.html",
        page.context(form),
        partial="estimate",
        status=422 if form.errors else 200,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """The estimate beside the form: a price, or why there is none."""

    estimate: Estimate | None = None
    refusal: str = ""
    account: Any = None
    recharge_url: str = ""
    is_postpaid: bool = False


class RequestPage:
    """The request form of one person: their groups, what is entered, what it costs."""

    def __init__(self, request: UserRequest) -> None:
        self.request = request
        self.groups = list(groups_of_member(request.membership))
        self.accounts = funds.queries.accounts_by_group(request.tenant.pk)
        self.at = timezone.now()
        # Without JavaScript a button asks for the estimate of what is entered.
        self.is_sent = request.method == "POST" and "estimate" not in request.POST
        self.entered = self._entered()

    def form(self) -> RequestForm:
        if self.is_sent:
            return RequestForm(self.request.POST, groups=self.groups)
        entered = self.entered.dict()
        initial = {**entered, "form_key": entered.get("form_key") or uuid4()}
        return RequestForm(groups=self.groups, initial=initial)

    def submit(self, form: RequestForm, typed: dict[str, Any]) -> Order:
        account = self.accounts.get(form.group_id)
        currency = account.currency if account else self.request.tenant.currency
        return orders.submit(
            actor=self.request.user,
            wanted=InstanceRequest(
                tenant_id=self.request.tenant.pk,
                business_group_id=form.group_id,
                name=typed["name"],
                shape=form.shape,
                sale=form.sale_asked,
            ),
            expected=Money.six(typed["expected"], currency),
            form_key=typed["form_key"],
            at=self.at,
        )

    def context(self, form: RequestForm) -> dict[str, Any]:
        shown = self._shown()
        found = shown.estimate
        quote = found.quote if found else None
        return {
            "form": form,
            "has_groups": bool(self.groups),
            "shown": shown,
            "lines": display.lines_of_quote(quote.lines, quote.rounding) if quote else [],
            "total": quote.total if quote else None,
            "expected": f"{quote.total.amount:f}" if quote else "",
            "is_hourly": bool(quote and quote.sale is Sale.HOURLY),
        }

    def _entered(self) -> QueryDict:
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        entered = sent.copy()
        if "vcpu" not in entered:
            entered.update(_START)
        if "group" not in entered and self.groups:
            entered["group"] = str(self.groups[0].pk)
        return entered

    def _shown(self) -> Shown:
        asked = ConfigurationForm(self.entered, groups=self.groups)
        if not asked.is_valid():
            return Shown(refusal=_("Complete the configuration to see what it costs."))
        account = self.accounts.get(asked.group_id)
        if account is None:
            return Shown(
                refusal=_(
                    "This business group has no fund account to pay from. Your tenant"
                    " administrator can open one."
                )
            )
        try:
            found = queries.estimate(
                account=account, shape=asked.shape, sale=asked.sale_asked, at=self.at
            )
        except DomainError as refusal:
            return Shown(refusal=str(refusal), account=account)
        return Shown(
            estimate=found,
            account=account,
            recharge_url=self._recharge_url(account, found),
            is_postpaid=not found.hold.is_positive,
        )

    def _recharge_url(self, account: Any, found: Estimate) -> str:
        names = ("group", "name", "vcpu", "memory_gib", "disk_gib", "has_public_ip", "sale")
        typed = {name: self.entered[name] for name in names if self.entered.get(name)}
        back = f"{self.request.path}?{urlencode(typed)}"
        return recharge_url(self.request, account, found.missing, return_to=back)


def recharge_url(
    request: UserRequest, account: Any, missing: Money, *, return_to: str
) -> str:
    """Where whoever may recharge the account goes with what is missing; else nothing."""
    if not missing.is_positive or not access.allows(
        request.user, Permission.RECHARGE, account
    ):
        return ""
    amount = max(missing, limits_for(missing.currency).smallest)
    query = {
        "account": account.pk,
        "amount": f"{amount.amount:f}",
        "return_to": return_to,
    }
    url = reverse("payments:start-recharge", args=[request.tenant.slug])
    return f"{url}?{urlencode(query)}"
