"""Admin portal, Billing › Price lists: which price holds when."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

import pricing.queries
from accounts.access import Permission
from accounts.decorators import AdminRequest, admin_view
from cmp.lib.display import State, Tone
from cmp.lib.money import Money
from pricing.models import Component, PriceList, PriceVersion

_ORDER = {component.value: place for place, component in enumerate(Component)}


@require_GET
@admin_view(Permission.VIEW_PRICES)
def view_prices(request: AdminRequest) -> HttpResponse:
    now = timezone.now()
    lists = [_shown(price_list, now) for price_list in pricing.queries.price_lists()]
    return render(request, "billing/admin/prices.html", {"lists": lists})


def _shown(price_list: PriceList, now: datetime) -> dict[str, Any]:
    versions = sorted(
        price_list.versions.all(), key=lambda version: version.effective_from, reverse=True
    )
    published = [v for v in versions if v.published_at and v.effective_from <= now]
    current = published[0] if published else None
    return {
        "name": price_list.name,
        "currency": price_list.currency,
        "versions": [
            {
                "id": version.pk,
                "state": _state_of(version, current),
                "effective_from": version.effective_from,
                "existing_from": version.existing_from,
                "prices": _prices(version, price_list.currency),
            }
            for version in versions
        ],
    }


def _state_of(version: PriceVersion, current: PriceVersion | None) -> State:
    if version.published_at is None:
        return State(_("Draft"), Tone.IDLE, "edit")
    if version == current:
        return State(_("In force"), Tone.OK)
    if current is None or version.effective_from > current.effective_from:
        return State(_("Announced"), Tone.INFO)
    return State(_("Past"), Tone.IDLE, "history")


def _prices(version: PriceVersion, currency: str) -> list[dict[str, Any]]:
    prices = sorted(version.prices.all(), key=lambda price: _ORDER[price.component])
    return [
        {
            "product": price.product.name,
            "component": Component(price.component).label,
            # As entered: a unit price is not rounded to what can be paid.
            "hourly": _plain(price.hourly),
            "monthly": Money(price.monthly, currency)
            if price.monthly is not None
            else None,
        }
        for price in prices
    ]


def _plain(price: Any) -> str:
    return "–" if price is None else f"{price.normalize():f}"
