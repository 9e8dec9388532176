"""The shape of what is typed about tenants, business groups and people."""

from typing import Any
from zoneinfo import available_timezones

import moneyed
from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts import queries
from accounts.access import Reach
from accounts.models import BusinessGroup, Membership, Tenant
from cmp.lib.forms import CheckCards, ChoiceCards


def _currencies() -> list[tuple[str, str]]:
    return sorted((code, f"{code} – {found.name}") for code, found in _in_use().items())


def _in_use() -> dict[str, Any]:
    # Past currencies have no country, metals and test codes one that does not exist.
    return {
        code: found
        for code, found in moneyed.CURRENCIES.items()
        if any("ZZ07" not in place for place in found.countries)
        and "UNKNOWN REGION" not in found.countries
    }


def _zones() -> list[tuple[str, str]]:
    cities = (zone for zone in available_timezones() if "/" in zone)
    named = (
        (zone, zone.replace("_", " ")) for zone in cities if not zone.startswith("Etc/")
    )
    return [("UTC", "UTC"), *sorted(named)]


class TenantEditForm(forms.Form):
    """What may change of a tenant."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(
        label=_("Type"), choices=Tenant.Kind.choices, widget=ChoiceCards()
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lazy(_zones, list),
        initial="UTC",
        help_text=_("Decides when days and billing months begin."),
    )
    billing_plan = forms.ChoiceField(
        label=_("Billing Plan"),
        choices=Tenant.BillingPlan.choices,
        initial=Tenant.BillingPlan.PREPAID,
        help_text=_("The preset for new fund accounts; each account can differ."),
        widget=ChoiceCards(
            helps={
                Tenant.BillingPlan.PREPAID: _("Money first. Use is deducted from it."),
                Tenant.BillingPlan.POSTPAID: _("Use first. An invoice follows."),
                Tenant.BillingPlan.FLEXIBLE: _("The balance first, the rest by invoice."),
            }
        ),
    )


class TenantForm(TenantEditForm):
    """A new tenant; its currency cannot change later."""

    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=lazy(_currencies, list),
        initial="USD",
        help_text=_("Cannot be changed later."),
    )
    field_order = ("name", "kind", "currency", "time_zone", "billing_plan")


class GroupNameForm(forms.Form):
    """What a business group is called."""

    name = forms.CharField(label=_("Name"), max_length=120)


class GroupForm(GroupNameForm):
    """A new business group of one of the tenants within reach."""

    tenant: "forms.ModelChoiceField[Tenant]" = forms.ModelChoiceField(
        queryset=None, label=_("Tenant")
    )
    field_order = ("tenant", "name")

    def __init__(self, *args: Any, reach: Reach, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_tenants(self.fields["tenant"], reach)


class TenantChoiceForm(forms.Form):
    """Which tenant the next step is about."""

    tenant: "forms.ModelChoiceField[Tenant]" = forms.ModelChoiceField(
        queryset=None, label=_("Tenant")
    )

    def __init__(self, *args: Any, reach: Reach, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_tenants(self.fields["tenant"], reach)


class PlaceForm(forms.Form):
    """A person's role and business groups in one tenant."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=Membership.Role.choices,
        initial=Membership.Role.MEMBER,
        widget=ChoiceCards(
            helps={
                Membership.Role.TENANT_ADMIN: _("People, groups, fund accounts, channels."),
                Membership.Role.BILLING_MANAGER: _("Sees all money, requests resources."),
                Membership.Role.MEMBER: _("Requests and sees resources."),
                Membership.Role.VIEWER: _("Sees orders and resources."),
            }
        ),
    )
    groups: "forms.ModelMultipleChoiceField[BusinessGroup]" = (
        forms.ModelMultipleChoiceField(
            queryset=None,
            label=_("Business groups"),
            required=False,
            widget=CheckCards(),
        )
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = self.fields["groups"]
        assert isinstance(groups, forms.ModelMultipleChoiceField)
        groups.queryset = queries.groups_of(tenant.pk)
        if not groups.queryset.exists():
            del self.fields["groups"]

    @property
    def group_ids(self) -> list[int]:
        return [group.pk for group in self.cleaned_data.get("groups", ())]


class InvitationForm(PlaceForm):
    """A person who gets a place in a tenant."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("Gets a mail that says how to log in."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("Somebody who has an account keeps the name they have."),
    )
    field_order = ("email", "name", "role", "groups")


def _offer_tenants(field: forms.Field, reach: Reach) -> None:
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = queries.tenants_within(reach)
    if reach.tenant_ids is not None and len(reach.tenant_ids) == 1:
        field.initial = next(iter(reach.tenant_ids))
        field.empty_label = None
