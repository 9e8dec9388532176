"""Log-ins, failed log-ins and changes of how people log in, written to the audit log."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, user_logged_in
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from accounts.actions import audit
from accounts.models import User


@receiver(user_logged_in)
def note_log_in(user: User, **_: Any) -> None:
    _record(user, "session.started")


@receiver(user_logged_out)
def note_log_out(user: User | None, **_: Any) -> None:
    if user is not None:
        _record(user, "session.ended")


@receiver(user_login_failed)
def note_failed_log_in(credentials: dict[str, Any], **_: Any) -> None:
    """What was typed is not kept: people type their password into the wrong field."""
    email = str(credentials.get("email") or "")
    user = User.objects.filter(email__iexact=email).first()
    _record(user, "session.refused", {"reason": "password"}, by_its_owner=False)


@receiver(authentication_failed)
def note_wrong_code(user: User, **_: Any) -> None:
    _record(user, "session.refused", {"reason": "second factor"}, by_its_owner=False)


@receiver(password_changed)
def note_password_change(user: User, **_: Any) -> None:
    _record(user, "password.changed")


@receiver(password_reset)
def note_password_reset(user: User, **_: Any) -> None:
    _record(user, "password.reset")


@receiver(authenticator_added)
def note_factor_added(user: User, authenticator: Any, **_: Any) -> None:
    _record(user, "second_factor.added", {"kind": authenticator.type})


@receiver(authenticator_removed)
def note_factor_removed(user: User, authenticator: Any, **_: Any) -> None:
    _record(user, "second_factor.removed", {"kind": authenticator.type})


@receiver(authenticator_reset)
def note_factor_reset(user: User, authenticator: Any, **_: Any) -> None:
    _record(user, "second_factor.renewed", {"kind": authenticator.type})


def _record(
    user: User | None,
    verb: str,
    after: dict[str, Any] | None = None,
    *,
    by_its_owner: bool = True,
) -> None:
    # A refused log-in was made by nobody we know, even when the address is somebody's.
    with transaction.atomic():
        audit.record(
            actor=user if by_its_owner else None,
            verb=verb,
            subject=f"user:{user.pk if user else 'unknown'}",
            at=timezone.now(),
            after=after,
        )
