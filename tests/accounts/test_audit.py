"""OPS-02: entries of the audit log are never changed."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.actions import audit
from accounts.models import AuditEntry, User

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE accounts_auditentry SET verb = 'nothing.happened'",
        "DELETE FROM accounts_auditentry",
        "TRUNCATE accounts_auditentry",
    ],
)
def test_entries_are_never_changed_or_removed(sam: User, attack: str) -> None:
    with transaction.atomic():
        audit.record(actor=sam, verb="tenant.created", subject="tenant:1", at=AT)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)

    assert AuditEntry.objects.get().verb == "tenant.created"
