"""How forms and prompts look, whoever's they are."""

from decimal import Decimal

import pytest
from django import forms
from django.template.loader import render_to_string
from django.test import RequestFactory

from cmp.lib.errors import DomainError
from cmp.lib.fields import MoneyFormField
from cmp.lib.forms import CheckCards, ChoiceCards
from cmp.lib.money import Money
from cmp.lib.pages import succeeds


class OrderForm(forms.Form):
    name = forms.CharField(label="Name", help_text="Short & clear.")
    note = forms.CharField(label="Note", required=False)
    amount = MoneyFormField(currency="KWD", label="Amount")
    kind = forms.ChoiceField(
        choices=[("A", "Prepaid"), ("B", "Postpaid")],
        widget=ChoiceCards(helps={"A": "Money first."}),
    )
    groups = forms.MultipleChoiceField(choices=[("1", "IT")], widget=CheckCards())
    agreed = forms.BooleanField(label="I agree")


GOOD = {"name": "x", "amount": "1.5", "kind": "A", "groups": ["1"], "agreed": "on"}


class Full(DomainError):
    field = "name"


class Elsewhere(DomainError):
    field = "no_such_field"


def test_labels_help_and_options() -> None:
    html = str(OrderForm())

    assert '<label class="form-label" for="id_name">Name</label>' in html
    assert 'Note <span class="c-muted fw-normal">(optional)</span>' in html
    assert '<span class="c-help" id="id_name_helptext">Short &amp; clear.</span>' in html
    assert 'class="form-control"' in html
    assert "<b>Prepaid</b><small>Money first.</small>" in html
    assert "<b>Postpaid</b></span>" in html
    assert html.count('class="form-check-input"') == 4
    assert '<label class="c-check">' in html


def test_money_fields_name_their_currency_and_say_what_was_understood() -> None:
    html = str(OrderForm()["amount"].as_field_group())

    assert '<div class="c-amount"><span aria-hidden="true">KWD</span>' in html
    assert 'data-places="3"' in html
    assert 'inputmode="decimal"' in html
    assert 'data-echo="id_amount"' in html


def test_errors_stand_at_the_field_and_in_a_linked_summary() -> None:
    form = OrderForm({**GOOD, "name": "", "kind": "C"})

    html = str(form)
    summary = render_to_string("components/form_errors.html", {"form": form})

    assert "Please correct 2 things" in summary
    assert 'href="#id_name">Name: This field is required.' in summary
    # A group of choices is one target of its own.
    assert 'href="#id_kind"' in summary
    assert '<fieldset class="c-field c-bad-field" id="id_kind" tabindex="-1"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html


def test_what_was_typed_is_kept() -> None:
    html = str(OrderForm({**GOOD, "name": "", "amount": "1,5,0 x", "note": '"<b>'}))

    assert 'value="1,5,0 x"' in html
    assert 'value="&quot;&lt;b&gt;"' in html


def test_an_action_is_asked_only_for_a_valid_form() -> None:
    asked: list[dict[str, object]] = []

    assert not succeeds(OrderForm({}), asked.append)
    assert succeeds(OrderForm(GOOD), asked.append)

    assert [typed["amount"] for typed in asked] == [Money(Decimal("1.5"), "KWD")]


@pytest.mark.parametrize(("refusal", "place"), [(Full, "name"), (Elsewhere, "__all__")])
def test_a_refusal_becomes_an_error_of_the_form(
    refusal: type[DomainError], place: str
) -> None:
    def refuse(_typed: dict[str, object]) -> None:
        raise refusal("There is no room.")

    form = OrderForm(GOOD)

    assert not succeeds(form, refuse)
    assert form.errors == {place: ["There is no room."]}


def test_other_failures_are_not_hidden() -> None:
    def fail(_typed: dict[str, object]) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        succeeds(OrderForm(GOOD), fail)


def test_a_form_in_its_card_is_sent_once(rf: RequestFactory) -> None:
    context = {"form": OrderForm(), "submit": "Save", "cancel_url": "/back/"}

    html = render_to_string("components/form.html", context, rf.get("/"))

    assert 'method="post"' in html
    assert "csrfmiddlewaretoken" in html
    assert 'data-busy="Working"' in html
    assert 'href="/back/"' in html
