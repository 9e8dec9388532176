"""F71: requests that are too much are refused before they cost anything."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User


@pytest.mark.django_db
@pytest.mark.parametrize(("length", "status"), [(1_000_000, 302), (1_000_001, 413)])
def test_a_body_above_the_limit_is_refused(
    client: Client, length: int, status: int
) -> None:
    padding = length - len("theme=dark&x=")
    body = f"theme=dark&x={'y' * padding}"

    answer = client.post(
        reverse("choose-theme"), body, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize("length", ["-1", "abc", "1e9", "9" * 400])
def test_a_length_that_is_none_is_refused(client: Client, length: str) -> None:
    answer = client.generic(
        "POST", reverse("choose-theme"), b"theme=dark", CONTENT_LENGTH=length
    )

    assert answer.status_code == 413


@pytest.mark.django_db
def test_a_refused_body_changes_nothing(client: Client, sam: User) -> None:
    client.force_login(sam)

    client.post(reverse("choose-theme"), {"theme": "dark", "x": "y" * 1_000_001})

    sam.refresh_from_db()
    assert sam.theme == ""


@pytest.mark.django_db
def test_a_form_with_too_many_fields_is_refused(client: Client) -> None:
    form = {f"field{number}": "x" for number in range(501)}

    assert client.post(reverse("choose-theme"), form).status_code == 400
