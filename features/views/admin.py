"""Config › CMP Config › Feature Configuration › Billing."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PLATFORM, Permission, allows
from accounts.decorators import AdminRequest, admin_view
from cmp.lib.errors import DomainError
from cmp.lib.htmx import render_page
from features import queries
from features.actions import settings
from features.registry import FEATURES, Feature


@require_GET
@admin_view(Permission.VIEW_FEATURES)
def list_features(request: AdminRequest) -> HttpResponse:
    return _render(request, editing=request.GET.get("edit", ""))


@require_POST
@admin_view(Permission.EDIT_FEATURES)
def change_feature(request: AdminRequest, key: str) -> HttpResponse:
    if key not in FEATURES:
        raise Http404
    typed = request.POST.get("value", "")
    try:
        settings.change(actor=request.user, key=key, typed=typed, at=timezone.now())
    except DomainError as refusal:
        return _render(request, editing=key, typed=typed, refusal=str(refusal), status=422)
    messages.success(
        request, _("Feature saved: %(label)s.") % {"label": FEATURES[key].label}
    )
    return redirect(f"{reverse('features_admin:list-features')}#{key}")


def _render(
    request: AdminRequest,
    *,
    editing: str,
    typed: str = "",
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    values, changes = queries.current().values, queries.last_changes()
    sought = request.GET.get("q", "").strip()
    rows: list[dict[str, Any]] = [
        {
            "key": key,
            "feature": feature,
            "text": feature.kind.text(values[key]),
            "value": feature.kind.store(values[key]),
            "change": changes.get(key),
            "is_editing": key == editing,
            "typed": typed
            if key == editing and refusal
            else feature.kind.store(values[key]),
            "refusal": refusal if key == editing else "",
        }
        for key, feature in FEATURES.items()
        if key == editing or _matches(feature, sought)
    ]
    context: dict[str, Any] = {
        "groups": [
            (group.value, list(members))
            for group, members in groupby(rows, key=lambda row: FEATURES[row["key"]].group)
        ],
        "sought": sought,
        "shown": len(rows),
        "total": len(FEATURES),
        "may_edit": allows(request.user, Permission.EDIT_FEATURES, PLATFORM),
        "refusal": refusal,
        "refused_key": editing if refusal else "",
    }
    return render_page(
        request, "features/admin/features.html", context, partial="features", status=status
    )


def _matches(feature: Feature, sought: str) -> bool:
    """Whether every word sought stands in the feature's label or help."""
    text = f"{feature.label} {feature.help}".casefold()
    return all(word in text for word in sought.casefold().split())
