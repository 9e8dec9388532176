"""Operations › Audit log: who changed what, when, from what to what."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_GET

from accounts import queries
from accounts.access import Permission
from accounts.decorators import AdminRequest, admin_view
from accounts.models import AuditEntry
from cmp.lib import cells
from cmp.lib.cells import Column, Row
from cmp.lib.filters import DayFromFilter, DayToFilter, ListFilters, SearchFilter
from cmp.lib.lists import Empty, ListSpec, RowScope, list_page


class AuditFilters(ListFilters):
    """Search by person, verb or subject; a span of days."""

    q = SearchFilter(contains=["actor_name", "verb", "subject", "reason"])
    from_day = DayFromFilter("at", label=_("From"))
    to_day = DayToFilter("at", label=_("To (inclusive)"))
    pairs = (("from_day", "to_day"),)


def _row(entry: AuditEntry, _scope: RowScope) -> Row:
    return Row(
        url=reverse("accounts_admin:view-audit-entry", args=[entry.pk]),
        name=f"{entry.verb} {entry.subject}",
        cells=[
            cells.moment(entry.at),
            cells.text(entry.verb, small=entry.reason),
            cells.code(entry.subject),
            cells.text(entry.actor_name, small=entry.origin or ""),
            cells.text(entry.tenant or "–"),
        ],
    )


AUDIT: ListSpec[AuditEntry] = ListSpec(
    name="audit",
    title=_("Audit log"),
    purpose=_("Every change and every log-in. Entries cannot be changed or removed."),
    noun=ngettext_lazy("entry", "entries"),
    columns=[
        Column("time", _("Time"), kind="moment", card="note", sort="at"),
        Column("verb", _("What"), card="title", small=_("Reason")),
        Column("subject", _("Subject"), kind="code", card="more"),
        Column("actor", _("Who"), card="state", small=_("From where")),
        Column("tenant", _("Tenant")),
    ],
    sort="-time",
    row=_row,
    filters=AuditFilters,
    empty=Empty(_("No entries yet"), _("Changes and log-ins are listed here.")),
)


@require_GET
@admin_view(Permission.VIEW_AUDIT)
def list_audit(request: AdminRequest) -> HttpResponseBase:
    return list_page(request, AUDIT, queries.audit_within(request.reach))


@require_GET
@admin_view(Permission.VIEW_AUDIT)
def view_audit_entry(request: AdminRequest, entry_id: int) -> HttpResponse:
    entry = get_object_or_404(queries.audit_within(request.reach), pk=entry_id)
    context = {"entry": entry, "changes": _changes(entry.before, entry.after)}
    return render(request, "accounts/admin/audit_entry.html", context)


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Each field with what it was and what it became; what stayed equal is marked."""
    return [
        {
            "field": field,
            "before": before.get(field, ""),
            "after": after.get(field, ""),
            "differs": before.get(field) != after.get(field),
        }
        for field in sorted({*before, *after})
    ]
