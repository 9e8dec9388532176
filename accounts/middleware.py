"""The viewer's zone and language for the length of a request."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ViewerZoneMiddleware:
    """Times and texts are shown in the zone and language of the person who looks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            timezone.activate(ZoneInfo(request.user.time_zone))
            # What was chosen on this device wins; LocaleMiddleware has read it.
            if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
                translation.activate(request.user.language)
                request.LANGUAGE_CODE = translation.get_language()
        else:
            timezone.deactivate()
        return self.get_response(request)
