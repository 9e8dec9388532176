"""The audit log: one entry for each change, in the change's own transaction."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import AuditEntry, User
from cmp.lib import origin


def record(  # noqa: PLR0913 – a fact has as many sides as the log has columns
    *,
    actor: User | None,
    verb: str,
    subject: str,
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    tenant_id: int | None = None,
    reason: str = "",
) -> AuditEntry:
    """Write who changed what; `actor` None means the platform itself.

    Must run inside the transaction of the change. Give names and numbers, never
    secrets: entries are kept for ever and shown to auditors. The address is that of the
    request in hand.
    """
    assert transaction.get_connection().in_atomic_block, "an entry commits with its change"
    return AuditEntry.objects.create(
        at=at,
        actor=actor,
        actor_name=str(actor) if actor else "Platform",
        tenant_id=tenant_id,
        verb=verb,
        subject=subject,
        before=before or {},
        after=after or {},
        reason=reason,
        origin=origin.client_address.get(),
    )
