"""Shape of what people ask for; `billing.actions.orders` decides the rest."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.validators import RegexValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import BusinessGroup
from cmp.lib.fields import plain_number
from cmp.lib.forms import ChoiceCards
from pricing.models import Sale
from resources.actions.instances import Shape
from resources.models import DISK_GIB_MAX, DISK_GIB_MIN, MEMORY_GIB_MAX, VCPU_MAX

_HOST_NAME: Final = RegexValidator(
    r"\A[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\Z",
    _("Use letters, digits and hyphens only, with a letter or digit at both ends."),
)


class CountField(forms.IntegerField):
    """A whole number within bounds, in the digits of any script."""

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        bounds = {"least": f"{least:,}", "most": f"{most:,}"}
        words = format_lazy(_("Enter a whole number from {least} to {most}."), **bounds)
        super().__init__(
            min_value=least,
            max_value=most,
            help_text=format_lazy(_("{least} to {most}."), **bounds),
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), words),
            # A text input takes the digits that a number input would refuse.
            widget=forms.TextInput(
                attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 12}
            ),
            **kwargs,
        )

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip()
        if not text:
            return None
        plain = plain_number(text)
        if plain is None or "." in plain:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return int(plain)


class ConfigurationForm(forms.Form):
    """What a price depends on."""

    group = forms.ChoiceField(label=_("Business group"))
    vcpu = CountField(label=_("vCPU"), least=1, most=VCPU_MAX)
    memory_gib = CountField(label=_("Memory in GiB"), least=1, most=MEMORY_GIB_MAX)
    disk_gib = CountField(label=_("Disk in GiB"), least=DISK_GIB_MIN, most=DISK_GIB_MAX)
    has_public_ip = forms.BooleanField(label=_("Public IP"), required=False)
    sale = forms.ChoiceField(
        label=_("Payment"),
        choices=Sale.choices,
        widget=ChoiceCards(
            helps={
                Sale.HOURLY: _("Charged by the second it runs. Delete it at any time."),
                Sale.TERM: _("Paid once, at its start. No hourly charge."),
            }
        ),
    )

    def __init__(self, *args: Any, groups: Iterable[BusinessGroup], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["group"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(group.pk), group.name) for group in groups]

    @property
    def shape(self) -> Shape:
        """What was asked for; of a valid form only."""
        typed = self.cleaned_data
        return Shape(
            vcpu=typed["vcpu"],
            memory_gib=typed["memory_gib"],
            disk_gib=typed["disk_gib"],
            has_public_ip=typed["has_public_ip"],
        )

    @property
    def sale_asked(self) -> Sale:
        return Sale(self.cleaned_data["sale"])

    @property
    def group_id(self) -> int:
        return int(self.cleaned_data["group"])


class RequestForm(ConfigurationForm):
    """A whole request: also the name, and the price that the requester has seen."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        validators=[_HOST_NAME],
        help_text=_("Letters, digits and hyphens."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)
    expected = forms.CharField(
        widget=forms.HiddenInput, required=False, max_length=40, empty_value="0"
    )

    field_order = ("group", "name")

    def clean_expected(self) -> Decimal:
        """The total shown; what is no number matches no price."""
        text = plain_number(self.cleaned_data["expected"])
        return Decimal(text) if text else Decimal(0)
