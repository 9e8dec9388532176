"""Account › Security: the second factor, and where one is logged in."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import second_factor
from accounts.actions import sessions
from accounts.decorators import personal_view
from accounts.devices import device_of
from accounts.models import User


@require_GET
@personal_view("everybody sees their own sessions")
def view_security(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    context = {
        "has_second_factor": second_factor.has_second_factor(user),
        "is_required": second_factor.is_required_of(user),
        "codes_left": second_factor.codes_left(user),
        "sessions": [_shown(session) for session in sessions.forget_ended(user)],
    }
    return render(request, "accounts/security.html", context)


@require_POST
@personal_view("everybody ends their own sessions")
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    try:
        ended = sessions.end(
            actor=_person(request), session_id=session_id, at=timezone.now()
        )
    except UserSession.DoesNotExist as gone:
        raise Http404 from gone
    messages.success(
        request, _("%(device)s is logged out.") % {"device": device_of(ended.user_agent)}
    )
    return redirect("view-security")


@require_POST
@personal_view("everybody ends their own sessions")
def end_all_sessions(request: HttpRequest) -> HttpResponse:
    sessions.end_all(actor=_person(request), at=timezone.now())
    # This session's row is gone, too; without this the middleware would write it again.
    request.session.flush()
    messages.success(request, _("You are logged out everywhere."))
    return redirect("account_login")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _shown(session: UserSession) -> dict[str, Any]:
    return {
        "id": session.pk,
        "device": device_of(session.user_agent),
        "address": session.ip,
        "started_at": session.created_at,
        "is_current": session.is_current(),
    }
