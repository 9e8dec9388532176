"""The shape of what is typed about fund accounts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts import queries as accounts_queries
from accounts.models import BusinessGroup, Tenant, User
from cmp.lib.fields import MoneyFormField
from cmp.lib.forms import CheckCards, ChoiceCards
from cmp.lib.money import Money
from funds import queries
from funds.models import FundAccount

_KIND_HELPS = {
    FundAccount.Kind.PREPAID: _("Money first. Use is deducted from the balance."),
    FundAccount.Kind.POSTPAID: _("Use first. An invoice follows at the end of the cycle."),
    FundAccount.Kind.FLEXIBLE: _("The balance first, the rest up to the credit limit."),
}


class PersonChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One person; namesakes are told apart by their e-mail."""

    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name}, {obj.email}"


class FundAccountEditForm(forms.Form):
    """What may change of a fund account. Who pays from where is decided by the action."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        error_messages={"required": _("Give the fund account a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    groups: "forms.ModelMultipleChoiceField[BusinessGroup]" = (
        forms.ModelMultipleChoiceField(
            queryset=None,
            label=_("Business groups"),
            error_messages={"required": _("Choose at least one business group.")},
            widget=CheckCards(),
        )
    )
    owner = PersonChoiceField(
        queryset=None,
        label=_("Owner"),
        empty_label=_("Choose a person"),
        error_messages={"required": _("Choose the owner.")},
        help_text=_("Exactly one person; may recharge and see all transactions."),
    )

    def __init__(
        self, *args: Any, tenant: Tenant, account: FundAccount | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        groups, owner = self.fields["groups"], self.fields["owner"]
        assert isinstance(groups, forms.ModelMultipleChoiceField)
        assert isinstance(owner, forms.ModelChoiceField)
        groups.queryset = accounts_queries.groups_of(tenant.pk)
        groups.widget.helps = _who_pays_where(tenant, account)
        if not groups.queryset.exists():
            groups.help_text = _("This tenant has no business groups yet; add one first.")
        owner.queryset = accounts_queries.members_of(tenant.pk)

    @property
    def group_ids(self) -> list[int]:
        return [group.pk for group in self.cleaned_data["groups"]]


class FundAccountForm(FundAccountEditForm):
    """A new fund account of a tenant; its type cannot change later."""

    kind = forms.ChoiceField(
        label=_("Type"),
        choices=FundAccount.Kind.choices,
        help_text=_("Cannot be changed later."),
        widget=ChoiceCards(helps=_KIND_HELPS),
    )
    field_order = ("name", "description", "kind", "groups", "owner")


class CreditLimitForm(forms.Form):
    """How far below zero purchases may go."""

    def __init__(self, *args: Any, account: FundAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credit_limit"] = MoneyFormField(
            currency=account.currency,
            smallest=Money.zero(account.currency),
            label=_("Credit limit"),
            help_text=_("Purchases stop here; use is charged in any case."),
            initial=Money(account.credit_limit, account.currency),
        )
        self.fields["reason"] = forms.CharField(
            label=_("Reason"),
            max_length=500,
            help_text=_("Kept in the audit log."),
            widget=forms.Textarea(attrs={"rows": 2}),
        )


def _who_pays_where(tenant: Tenant, own: FundAccount | None) -> dict[int, str]:
    """For each business group, the fund account it pays from now."""
    paying = queries.accounts_by_group(tenant.pk)
    helps = {}
    for group in accounts_queries.groups_of(tenant.pk):
        account = paying.get(group.pk)
        if account is None:
            helps[group.pk] = str(_("No fund account yet"))
        elif own is not None and account.pk == own.pk:
            helps[group.pk] = pgettext("business group", "In this fund account")
        else:
            helps[group.pk] = str(
                _("In %(number)s, %(kind)s")
                % {
                    "number": account.number,
                    "kind": str(account.get_kind_display()).lower(),
                }
            )
    return helps
