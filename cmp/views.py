"""The pages that belong to no app: where everybody starts, and how pages look to them."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language

from accounts import queries
from accounts.access import Permission
from accounts.actions import preferences
from accounts.decorators import (
    AdminRequest,
    UserRequest,
    admin_view,
    personal_view,
    public_view,
    user_view,
)
from accounts.models import User
from cmp import dashboards
from cmp.frame import THEME_COOKIE, may_enter_admin, start_url

_YEAR_S: Final = 365 * 24 * 3600


@require_GET
@public_view("the start page sends everybody on, strangers to the log-in")
def home(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        return redirect(start_url(request.user))
    return redirect("account_login")


@require_GET
@personal_view("everybody chooses among their own tenants")
def choose_tenant(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {
        "memberships": queries.memberships_of(request.user),
        "may_enter_admin": may_enter_admin(request.user),
    }
    return render(request, "choose_tenant.html", context)


@require_GET
@user_view(Permission.USE_PORTAL)
def user_dashboard(request: UserRequest) -> HttpResponse:
    return render(request, "user_dashboard.html", dashboards.of_tenant(request))


@require_GET
@admin_view(Permission.VIEW_FUND_ACCOUNTS)
def admin_dashboard(request: AdminRequest) -> HttpResponse:
    return render(request, "admin_dashboard.html", dashboards.of_operator(request))


@require_POST
@public_view("the log-in page has themes too")
def choose_theme(request: HttpRequest) -> HttpResponse:
    theme = request.POST.get("theme", "")
    if theme not in User.Theme.values:
        theme = User.Theme.DEVICE
    response = redirect(_way_back(request))
    if isinstance(request.user, User):
        preferences.choose_theme(user_id=request.user.pk, theme=theme)
    # For the pages before log-in, on this device.
    response.set_cookie(
        THEME_COOKIE,
        theme,
        max_age=_YEAR_S,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
    return response


@require_POST
@public_view("the log-in page has languages too")
def choose_language(request: HttpRequest) -> HttpResponseBase:
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        preferences.choose_language(user_id=request.user.pk, language=language)
    return set_language(request)


def _way_back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else "/"
