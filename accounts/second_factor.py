"""The second factor of platform staff: who must have one, and what they see until then."""

from collections.abc import Callable
from typing import Final

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Setting it up, confirming who one is on the way there, and leaving.
_OPEN_WITHOUT: Final = frozenset(
    {
        "mfa_activate_totp",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "account_logout",
        "healthz",
        "metrics",
    }
)


def has_second_factor(user: User) -> bool:
    """Whether log-in asks this person for a code after the password."""
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP]))


def is_required_of(user: User) -> bool:
    """Whether this person is staff of an operator who wants a second factor of them."""
    return bool(settings.REQUIRE_STAFF_SECOND_FACTOR) and user.is_operator


class SecondFactorMiddleware:
    """Lead platform staff without a second factor to set it up, whatever they asked for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, _args: object, _kwargs: object
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is None or match.url_name in _OPEN_WITHOUT:
            return None
        user = request.user
        if not isinstance(user, User) or not is_required_of(user):
            return None
        if has_second_factor(user):
            return None
        return _lead_to(request, reverse("mfa_activate_totp"))


def _lead_to(request: HttpRequest, url: str) -> HttpResponseBase:
    if request.headers.get("HX-Request"):
        # A redirect would put the whole page into the fragment that asked.
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def codes_left(user: User) -> int:
    """How many recovery codes are unused."""
    codes = Authenticator.objects.filter(
        user=user, type=Authenticator.Type.RECOVERY_CODES
    ).first()
    return len(codes.wrap().get_unused_codes()) if codes else 0
