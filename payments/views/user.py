"""Fund › Recharge in the user portal: start, pay, watch, look back."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import Permission, allows
from accounts.decorators import UserRequest, user_view
from accounts.models import Tenant, User
from cmp.lib.htmx import render_page
from cmp.lib.lists import Action, list_page
from cmp.lib.money import Money
from cmp.lib.pages import succeeds
from funds import queries as funds
from payments import display, queries
from payments.actions import recharges
from payments.actions.recharges import Wish
from payments.forms import RechargeForm
from payments.limits import limits_for
from payments.lists import RECHARGES
from payments.models import Recharge

# Seconds between looks at a payment that is not decided: soon at first, then patient.
_PAUSES_S: Final = (2, 2, 3, 5, 8, 13, 20, 30, 60)


@require_http_methods(["GET", "POST"])
@user_view(Permission.RECHARGE)
def start_recharge(request: UserRequest) -> HttpResponse:
    page = _RechargePage(request)
    form = page.form()
    started: list[Recharge] = []

    def start(typed: dict[str, Any]) -> None:
        wish = Wish(
            account_id=int(typed["account"]),
            channel_id=int(typed["channel"]),
            amount=typed["amount"],
            form_key=typed["form_key"],
            return_to=typed["return_to"],
        )
        recharge = recharges.start(
            payer=request.user,
            tenant=request.tenant,
            wish=wish,
            language=get_language() or "en",
            at=timezone.now(),
        )
        started.append(recharge)

    if request.method == "POST" and succeeds(form, start):
        return redirect("payments:pay-recharge", request.tenant.slug, started[0].pk)
    form.renew_used_key()
    status = 422 if form.errors else 200
    return render_page(
        request, "payments/user/start.html", page.context(form), partial="panel",
        status=status,
    )  # fmt: skip


@require_GET
@user_view(Permission.RECHARGE)
def pay_recharge(request: UserRequest, recharge_id: int) -> HttpResponse:
    """The page that posts the signed form to the gateway."""
    recharge = _own(request, recharge_id)
    try:
        form = recharges.redirect(recharge_id=recharge.pk, at=timezone.now())
    except recharges.AlreadyDecided:
        return redirect("payments:view-recharge", request.tenant.slug, recharge.pk)
    context = {"recharge": recharge, "form_to_gateway": form}
    return render(request, "payments/user/pay.html", context)


@require_GET
@user_view(Permission.VIEW_RECHARGES)
def view_recharge(request: UserRequest, recharge_id: int) -> HttpResponse:
    recharge = _visible(request, recharge_id)
    look = _look_number(request)
    if request.htmx and look and not recharge.is_open:  # type: ignore[attr-defined]
        # It is decided: show the whole page anew, with the balance in its frame.
        return HttpResponse(headers={"HX-Refresh": "true"})
    balance = _balance_seen_by(request.user, request.tenant, recharge)
    context = {
        "recharge": recharge,
        "state": display.state_of(recharge),
        "reason": display.reason_of(recharge),
        "story": display.story_of(recharge, queries.believed_messages(recharge)),
        "balance": balance,
        "next_look": look + 1,
        "pause_s": _PAUSES_S[min(look, len(_PAUSES_S) - 1)],
        "again_url": _again_url(request, recharge),
        "transaction_url": _transaction_url(request.tenant, recharge) if balance else "",
    }
    return render_page(request, "payments/user/recharge.html", context, partial="outcome")


@require_GET
@user_view(Permission.VIEW_RECHARGES)
def list_recharges(request: UserRequest) -> HttpResponseBase:
    actions = []
    if allows(request.user, Permission.RECHARGE, request.tenant):
        url = reverse("payments:start-recharge", args=[request.tenant.slug])
        actions = [Action(_("Recharge"), url, icon="plus", primary=True)]
    mine = queries.recharges_visible_to(request.user, request.tenant)
    return list_page(request, RECHARGES, mine, actions=actions)


class _RechargePage:
    """What the recharge form offers this person: accounts, channels, limits, balances."""

    def __init__(self, request: UserRequest) -> None:
        self.request = request
        self.entered = request.POST if request.method == "POST" else request.GET
        self.accounts = queries.accounts_to_recharge(request.user, request.tenant)
        self.channels = list(queries.channels_for(request.tenant.pk))
        self.balances = funds.balances_of([account.pk for account in self.accounts])
        self.account = self._chosen()
        self.currency = self.account.currency if self.account else request.tenant.currency

    def form(self) -> RechargeForm:
        return RechargeForm(
            self.request.POST if self.request.method == "POST" else None,
            accounts=self._choices(),
            channels=self.channels,
            currency=self.currency,
            limits=limits_for(self.currency),
            initial={
                "account": str(self.account.pk) if self.account else "",
                "amount": self.entered.get("amount", "")[:40],
                "channel": str(self.channels[0].pk) if self.channels else "",
                "return_to": self.entered.get("return_to", ""),
            },
        )

    def context(self, form: RechargeForm) -> dict[str, Any]:
        balance = self.balances[self.account.pk].balance if self.account else None
        return {
            "form": form,
            "has_channels": bool(self.channels),
            "account": self.account,
            "currency": self.currency,
            "balance": balance,
            "balance_plain": f"{balance.amount:f}" if balance else "",
            "provider": self._provider(),
            "has_choice": len(self.accounts) > 1,
        }

    def _provider(self) -> str:
        """Where the button leads, if that is the same for every channel."""
        kinds = {channel.get_kind_display() for channel in self.channels}
        return kinds.pop() if len(kinds) == 1 else ""

    def _chosen(self) -> Any:
        """The account asked for; the only one there is; else none yet."""
        asked = self.entered.get("account", "")
        for account in self.accounts:
            if str(account.pk) == asked:
                return account
        return self.accounts[0] if len(self.accounts) == 1 and not asked else None

    def _choices(self) -> list[tuple[str, str]]:
        choices = [
            (str(a.pk), f"{a.name} ({a.number}) – {_short(self.balances[a.pk].balance)}")
            for a in self.accounts
        ]
        if len(choices) == 1:
            return choices
        return [("", _("Choose a fund account")), *choices]


def _short(money: Money) -> str:
    return str(Money.rounded(money.amount, money.currency))


def _own(request: UserRequest, recharge_id: int) -> Recharge:
    try:
        return queries.get_own_recharge(request.user, request.tenant, recharge_id)
    except Recharge.DoesNotExist as error:
        raise Http404 from error


def _visible(request: UserRequest, recharge_id: int) -> Recharge:
    try:
        return queries.get_recharge_visible_to(request.user, request.tenant, recharge_id)
    except Recharge.DoesNotExist as error:
        raise Http404 from error


def _balance_seen_by(user: User, tenant: Tenant, recharge: Recharge) -> Money | None:
    """The account's balance now, for whoever may see the account."""
    visible = funds.accounts_visible_to(user, tenant, with_deleted=True)
    if not visible.filter(pk=recharge.fund_account_id).exists():
        return None
    return funds.balance_of(recharge.fund_account_id).balance


def _look_number(request: HttpRequest) -> int:
    typed = request.GET.get("look", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0


def _again_url(request: UserRequest, recharge: Recharge) -> str:
    """The form filled in as before, for the payer of an attempt that came to nothing."""
    if recharge.payer_id != request.user.pk or recharge.is_paid:
        return ""
    query = request.GET.copy()
    query.clear()
    query["account"] = str(recharge.fund_account_id)
    query["amount"] = f"{Money.rounded(recharge.amount, recharge.currency).amount:f}"
    if recharge.return_to:
        query["return_to"] = recharge.return_to
    url = reverse("payments:start-recharge", args=[request.tenant.slug])
    return f"{url}?{query.urlencode()}"


def _transaction_url(tenant: Tenant, recharge: Recharge) -> str:
    if recharge.transaction_id is None:
        return ""
    arguments = [tenant.slug, recharge.transaction_id]
    return reverse("funds:view-transaction", args=arguments)
