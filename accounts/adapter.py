"""How allauth behaves here: people are invited, nobody signs up by themselves yet."""

import logging
from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from cmp.lib import crypto

log = logging.getLogger("accounts.sessions")


class ClosedSignUpAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by administrators."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Whether to send somebody there after log-in: to our own host only."""
        return url_has_allowed_host_and_scheme(
            url,
            allowed_hosts={self.request.get_host()},
            require_https=self.request.is_secure(),
        )

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse with 429, before the password is looked at, once too many were wrong."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as refusal:
            log.warning("session.throttled")
            raise ImmediateHttpResponse(respond_429(request)) from refusal

    def get_reset_password_from_key_url(self, key: str) -> str:
        """A link on the configured host: the request's host is the sender's choice."""
        path: str = reverse("account_reset_password_from_key", args=["UID", "KEY"])
        return f"{settings.PUBLIC_URL}{path.replace('UID-KEY', quote(key))}"


class EncryptedFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the seeds of second factors encrypted, as any secret at rest."""

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text)
