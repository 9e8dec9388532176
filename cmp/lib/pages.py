"""Pages that many screens share: a page that is one form, and a prompt before a big step.

    @require_http_methods(["GET", "POST"])
    @admin_view(Permission.EDIT_TENANTS)
    def add_tenant(request: AdminRequest) -> HttpResponse:
        form = TenantForm(request.POST or None)
        if succeeds(form, partial(_add, request)):
            messages.success(request, _("Tenant saved."))
            return redirect("accounts_admin:list-tenants")
        return form_page(request, form, title=_("Add tenant"), submit=_("Save tenant"), …)

A prompt is linked by `<a href="…" data-prompt>` (or `Action(…, prompts=True)`): a dialog
with JavaScript, a page without it, the same view for both. It names the thing, the amount
and the consequence, and asks for a reason when staff act on what is a client's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _

from cmp.lib.display import Words
from cmp.lib.errors import DomainError


def succeeds(form: forms.Form, act: Callable[[dict[str, Any]], object]) -> bool:
    """Whether the form is valid and `act`, given its cleaned values, is not refused.

    A `DomainError` becomes an error of the form, at the field it names in `field`, if it
    names one.
    """
    if not form.is_valid():
        return False
    try:
        act(form.cleaned_data)
    except DomainError as refusal:
        named = getattr(refusal, "field", None)
        form.add_error(named if named in form.fields else None, str(refusal))
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class FormPage:
    """What stands around a form: see `components/form_page.html`."""

    title: Words
    submit: Words
    cancel_url: str
    purpose: Words = ""
    crumbs: Sequence[tuple[Words, str]] = ()
    danger: bool = False
    method: str = "post"


def form_page(request: HttpRequest, form: forms.Form, page: FormPage) -> HttpResponse:
    """The page of one form; 422 when something has to be corrected."""
    context = {"form": form, **vars(page)}
    status = 422 if form.errors else 200
    return render(request, "components/form_page.html", context, status=status)


class ReasonForm(forms.Form):
    """Why somebody does this; kept in the audit log."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("Kept in the audit log."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class NoReasonForm(forms.Form):
    """A prompt that only wants a yes."""


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A question before a step that moves money or takes something away."""

    title: Words
    text: Words
    submit: Words
    cancel_url: str
    danger: bool = True


def prompt_page(request: HttpRequest, form: forms.Form, prompt: Prompt) -> HttpResponse:
    """The prompt as a dialog when a page opens it, else as a page of its own."""
    is_dialog = request.headers.get("HX-Target") == "prompt" and request.method == "GET"
    template = "components/_prompt_dialog.html" if is_dialog else "components/prompt.html"
    context = {"form": form, "prompt": prompt}
    response = render(request, template, context, status=422 if form.errors else 200)
    patch_vary_headers(response, ["HX-Target"])
    return response
