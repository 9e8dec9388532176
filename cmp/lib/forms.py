"""How forms look: the project's renderer, its bound fields and its choice widgets.

`{{ form }}` renders the fields; `components/form.html` adds the summary of errors, the
buttons and the card around them. Labels stand above, help below, errors at the field.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

from cmp.lib.display import Words


class FieldAsShown(forms.BoundField):
    """A bound field that gives its control the class our style sheets expect."""

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        css = _css_of(widget or self.field.widget)
        own = attrs.get("class") or self.field.widget.attrs.get("class", "")
        return {**attrs, "class": f"{css} {own}".strip()} if css else attrs

    @property
    def is_optional(self) -> bool:
        """Whether the label says “(optional)”."""
        return not self.field.required and not self.is_single_check

    @property
    def is_single_check(self) -> bool:
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def currency(self) -> str:
        """The currency beside a money field's input, empty for other fields."""
        return getattr(self.field, "currency", "")


class Renderer(TemplatesSetting):
    """The form renderer of `settings.FORM_RENDERER`."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = FieldAsShown


class _Cards(forms.widgets.ChoiceWidget):
    """Choices as cards, each with a line of help under its label."""

    template_name = "forms/cards.html"

    def __init__(self, *, helps: Mapping[Any, Words] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.helps = dict(helps or {})

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        # A model choice's value wraps the key.
        value = getattr(option["value"], "value", option["value"])
        return {**option, "help": self.helps.get(value, "")}


class ChoiceCards(_Cards, forms.RadioSelect):
    """One of a few, as cards; `helps` gives a line to each value."""

    template_name = "forms/cards.html"


class CheckCards(_Cards, forms.CheckboxSelectMultiple):
    """Some of a few, as cards; `helps` gives a line to each value."""

    template_name = "forms/cards.html"


_CHECKED = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)


def _css_of(widget: forms.Widget) -> str:
    if isinstance(widget, _CHECKED):
        return "form-check-input"
    if isinstance(widget, forms.Select):
        return "form-select"
    return "" if widget.is_hidden else "form-control"
