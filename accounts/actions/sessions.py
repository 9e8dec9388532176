"""Sessions: where somebody is logged in, and ending that from elsewhere."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts.actions import audit
from accounts.models import User


@transaction.atomic
def end(*, actor: User, session_id: int, at: datetime) -> UserSession:
    """End one of the actor's own sessions: the browser it belongs to is logged out.

    Raises `UserSession.DoesNotExist` for a session that ended or is somebody else's.
    """
    session = UserSession.objects.select_for_update().get(pk=session_id, user=actor)
    session.end()
    audit.record(
        actor=actor,
        verb="session.ended_elsewhere",
        subject=f"user:{actor.pk}",
        at=at,
        before={"origin": session.ip, "started_at": session.created_at.isoformat()},
    )
    return session


@transaction.atomic
def end_all(*, actor: User, at: datetime) -> int:
    """End every session of the actor, this one included; returns how many there were."""
    sessions = list(UserSession.objects.select_for_update().filter(user=actor))
    for session in sessions:
        session.end()
    audit.record(
        actor=actor,
        verb="session.all_ended",
        subject=f"user:{actor.pk}",
        at=at,
        before={"sessions": len(sessions)},
    )
    return len(sessions)


def forget_ended(actor: User) -> list[UserSession]:
    """Forget sessions that have ended and return those that hold, the newest first."""
    found: list[UserSession] = UserSession.objects.purge_and_list(actor)
    return sorted(found, key=lambda session: session.created_at, reverse=True)
