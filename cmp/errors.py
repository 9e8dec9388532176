"""The pages of what went wrong: what happened, what was saved, a reference, a way on."""

import sys
from dataclasses import dataclass
from typing import Any, Final

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.decorators import public_view
from cmp.lib import origin

Text = str | Promise


@dataclass(frozen=True)
class Failure:
    """One way in which a request ends badly, in the reader's words."""

    status: int
    title: Text
    explanation: Text


BAD_REQUEST: Final = Failure(
    400,
    _("This request cannot be answered"),
    _("The address or the form is not one of ours. Nothing was changed."),
)
FORBIDDEN: Final = Failure(
    403,
    _("You may not do this"),
    _("Your role does not include it. Nothing was changed. Ask an administrator."),
)
FORM_EXPIRED: Final = Failure(
    403,
    _("This form has expired"),
    _("Nothing was changed. Go back, reload the page and send the form again."),
)
NOT_FOUND: Final = Failure(
    404,
    _("This page does not exist"),
    _("The address may be mistyped, or what it showed may belong to somebody else."),
)
BODY_TOO_LARGE: Final = Failure(
    413,
    _("This is too large to send"),
    _("What you sent is larger than we accept. Nothing was changed."),
)
TOO_MANY_REQUESTS: Final = Failure(
    429,
    _("Too many attempts"),
    _("Wait a few minutes, then try again. Nothing was changed."),
)
SERVER_ERROR: Final = Failure(
    500,
    _("Something went wrong on our side"),
    _(
        "The step you took was not completed and no money was moved by it. Try again, or"
        " give us the reference below."
    ),
)
UNAVAILABLE: Final = Failure(
    503,
    _("We cannot answer right now"),
    _("A part we depend on is away. Nothing was changed. Try again in a minute."),
)


@public_view("anybody can send a broken request")
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render_failure(request, BAD_REQUEST)


@public_view("a refusal is told to whoever is refused")
def permission_denied(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    return render_failure(request, FORBIDDEN)


@public_view("anybody can mistype an address")
def page_not_found(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    return render_failure(request, NOT_FOUND)


@public_view("our failures meet anybody")
def server_error(request: HttpRequest) -> HttpResponse:
    # Before a view was found, as when the session is read, no middleware sees the error.
    is_away = isinstance(sys.exc_info()[1], OperationalError)
    return render_failure(request, UNAVAILABLE if is_away else SERVER_ERROR)


@public_view("a form can be sent without a session")
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render_failure(request, FORM_EXPIRED)


@public_view("limits hold before log-in")
def too_many_requests(request: HttpRequest) -> HttpResponse:
    return render_failure(request, TOO_MANY_REQUESTS)


def body_too_large(request: HttpRequest) -> HttpResponse:
    return render_failure(request, BODY_TOO_LARGE)


def unavailable(request: HttpRequest) -> HttpResponse:
    return render_failure(request, UNAVAILABLE)


def render_failure(request: HttpRequest, failure: Failure) -> HttpResponse:
    """The page of a failure, with the request's id as its reference.

    Rendered without context processors: nothing on it may need a session or a database,
    because one of them may be what failed.
    """
    template = loader.select_template([f"{failure.status}.html", "error.html"])
    context: dict[str, Any] = {"failure": failure, "request_id": origin.request_id.get()}
    return HttpResponse(template.render(context), status=failure.status)
