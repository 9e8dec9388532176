"""Shape of what people enter about channels and recharges; actions decide the rest."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from cmp.lib.display import Words
from cmp.lib.fields import MoneyFormField
from cmp.lib.forms import ChoiceCards
from payments import queries
from payments.limits import Limits
from payments.models import PaymentChannel
from payments.returning import own_path

_PLAIN_CODE: Final = RegexValidator(
    r"\A[A-Za-z0-9]+\Z", _("Use letters and digits only, as the gateway shows it.")
)
_EVERY_TENANT: Final = _("Every tenant")


class ChannelForm(forms.Form):
    """A payment channel; on edit an empty phrase keeps the stored one."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Payers see it when they choose.")
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=200,
        required=False,
        help_text=_("Shown under the name, such as the cards it takes."),
    )
    address = forms.CharField(label=_("PayFort address"), max_length=200)
    access_code = forms.CharField(
        label=_("Access code"), max_length=20, validators=[_PLAIN_CODE]
    )
    merchant_identifier = forms.CharField(
        label=_("Merchant ID"), max_length=20, validators=[_PLAIN_CODE]
    )
    sha_type = forms.ChoiceField(
        label=_("SHA type"), choices=PaymentChannel.ShaType.choices
    )
    # Blanks at the edges belong to a phrase: trimmed, nothing would verify.
    request_phrase = forms.CharField(
        label=_("SHA request phrase"), max_length=200, strip=False
    )
    response_phrase = forms.CharField(
        label=_("SHA response phrase"), max_length=200, strip=False
    )
    return_url = forms.CharField(
        label=_("Return URL"),
        max_length=400,
        help_text=_(
            "The page of this portal that people see after paying. {tenant} and "
            "{recharge} are filled in."
        ),
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].help_text = _("Allowed here: %(hosts)s") % {
            "hosts": ", ".join(settings.PAYMENT_GATEWAY_HOSTS) or _("no host")
        }
        for name in ("address", "return_url"):
            self.fields[name].widget.attrs["dir"] = "ltr"
        for name in ("request_phrase", "response_phrase"):
            phrase = self.fields[name]
            # Never sent back, also after an error; no browser should offer to keep it.
            phrase.widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
            if not is_new:
                phrase.required = False
                phrase.help_text = _("Stored encrypted. Leave empty to keep it.")


class NewChannelForm(ChannelForm):
    """A channel to be added: also whom it serves and how it pays."""

    tenant = forms.ChoiceField(label=_("Tenant"))
    kind = forms.ChoiceField(
        label=_("Payment method"),
        choices=PaymentChannel.Kind.choices,
        widget=ChoiceCards(
            helps={"PAYFORT": _("Cards, on the page of Amazon Payment Services.")}
        ),
    )
    field_order = ("kind", "tenant")

    def __init__(
        self, *args: Any, tenants: Sequence[Tenant], may_serve_all: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, is_new=True, **kwargs)
        choices: list[tuple[str, Words]] = [(str(t.pk), t.name) for t in tenants]
        if may_serve_all:
            choices.insert(0, ("all", _EVERY_TENANT))
        field = self.fields["tenant"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        self.fields["kind"].initial = PaymentChannel.Kind.PAYFORT

    def clean_tenant(self) -> int | None:
        chosen = self.cleaned_data["tenant"]
        return None if chosen == "all" else int(chosen)


class RechargeForm(forms.Form):
    """How much to put where, through what; in the currency of the account chosen."""

    account = forms.ChoiceField(
        label=_("Fund account"),
        error_messages={
            "required": _("Choose a fund account."),
            "invalid_choice": _("Choose one of your fund accounts."),
        },
    )
    channel = forms.ChoiceField(
        label=_("Payment channel"),
        error_messages={
            "required": _("Choose a payment channel."),
            "invalid_choice": _("Choose one of the payment channels offered."),
        },
    )
    form_key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={
            "required": _("Open the recharge page anew; this form is not complete."),
            "invalid": _("Open the recharge page anew; this form is not complete."),
        },
    )
    return_to = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        accounts: Sequence[tuple[str, Words]],
        channels: Sequence[PaymentChannel],
        currency: str,
        limits: Limits,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = _amount_field(currency, limits)
        self.order_fields(["account", "amount", "channel"])
        account, channel = self.fields["account"], self.fields["channel"]
        assert isinstance(account, forms.ChoiceField)
        assert isinstance(channel, forms.ChoiceField)
        account.choices = accounts
        channel.widget = ChoiceCards(helps={str(c.pk): c.description for c in channels})
        channel.choices = [(str(c.pk), c.name) for c in channels]
        self.fields["form_key"].initial = uuid.uuid4

    def renew_used_key(self) -> None:
        """Give a form that was sent before a new key, or it would be refused for ever."""
        key = getattr(self, "cleaned_data", {}).get("form_key")
        if key and queries.find_recharge_of_form(key):
            self.data = {**self.data.dict(), "form_key": str(uuid.uuid4())}  # type: ignore[attr-defined]

    def clean_return_to(self) -> str:
        """A path of ours or nothing; a foreign one is dropped, not worth an error."""
        return own_path(self.cleaned_data["return_to"])


def _amount_field(currency: str, limits: Limits) -> MoneyFormField:
    return MoneyFormField(
        currency=currency,
        label=_("Amount in %(currency)s") % {"currency": currency},
        help_text=_limits_in_words(limits),
        error_messages={"required": _("Enter the amount to recharge.")},
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )


def _limits_in_words(limits: Limits) -> Words:
    words = {"smallest": limits.smallest, "largest": limits.largest}
    if limits.largest is not None:
        return _("From %(smallest)s to %(largest)s at a time.") % words
    return _("From %(smallest)s at a time.") % words if limits.is_stated else ""
