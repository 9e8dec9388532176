"""F64: nothing changes by a form that another site sent."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve, reverse

from accounts.models import Membership, User
from tests.security.walk import addresses

CALLBACKS = {"pay/<int:channel_id>/return", "pay/<int:channel_id>/notice"}
FORMS = [address for address in addresses() if address.route not in CALLBACKS]


def test_every_sample_address_reaches_its_view() -> None:
    """Otherwise the tests below would prove 404s."""
    lost = [
        address for address in addresses() if resolve(address.path).func != address.view
    ]

    assert [address.route for address in lost] == []


def test_only_the_gateways_callbacks_are_exempt() -> None:
    exempt = {a.route for a in addresses() if getattr(a.view, "csrf_exempt", False)}

    assert exempt <= CALLBACKS


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_form_without_our_token_is_refused(
    sam: User, acme_membership: Membership, method: str
) -> None:
    """At every address, whatever its own view allows."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(sam)

    answers = {address.route: getattr(client, method)(address.path) for address in FORMS}

    assert len(answers) > 50
    assert [route for route, answer in answers.items() if not is_refused(answer)] == []


def is_refused(answer: HttpResponse) -> bool:
    return answer.status_code == 403 and b"This form has expired" in answer.content


@pytest.mark.django_db
def test_a_form_from_another_origin_is_refused_even_with_a_token(sam: User) -> None:
    """A page of another site that somehow learnt a token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(sam)
    client.get(reverse("view-security"))
    token = client.cookies["csrftoken"].value
    form = {"csrfmiddlewaretoken": token, "theme": "dark"}

    foreign = client.post(reverse("choose-theme"), form, HTTP_ORIGIN="https://evil.test")
    ours = client.post(reverse("choose-theme"), form, HTTP_ORIGIN="http://testserver")

    assert (foreign.status_code, ours.status_code) == (403, 302)


@pytest.fixture
def acme_membership(sam: User, acme: object) -> Membership:
    """So that addresses of the user portal are not refused for another reason."""
    return Membership.objects.create(
        tenant_id=acme.pk,  # type: ignore[attr-defined]
        user=sam,
        role=Membership.Role.TENANT_ADMIN,
    )
