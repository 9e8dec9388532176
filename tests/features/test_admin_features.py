"""The feature screen (TOG-21…23): what it lists, who may change it, what refusals keep."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from features.models import FeatureSetting

pytestmark = pytest.mark.django_db
LIST = "/admin/config/features/"


def change(client: Client, key: str, value: str):
    return client.post(
        reverse("features_admin:change-feature", args=[key]), {"value": value}
    )


def test_lists_all_twenty_and_says_which_nothing_obeys_yet(
    client: Client, sam: User
) -> None:
    client.force_login(sam)

    page = client.get(LIST).content.decode()

    assert page.count('class="c-setting') == 20
    assert "20 of 20 features" in page
    assert page.count("nothing in this release obeys it yet") == 18


def test_finds_features_without_javascript(client: Client, sam: User) -> None:
    client.force_login(sam)

    page = client.get(LIST, {"q": "prepaid RECHARGE"}).content.decode()

    assert "2 of 20 features" in page
    assert "Specify Minimum Prepaid Recharge" in page
    assert "Enable Invoice Menu" not in page


def test_a_switch_is_turned_and_the_page_says_by_whom(client: Client, sam: User) -> None:
    client.force_login(sam)

    response = change(client, "invoice_menu", "off")

    assert (response.status_code, response["Location"]) == (302, f"{LIST}#invoice_menu")
    page = client.get(LIST).content.decode()
    assert "Feature saved: Enable Invoice Menu." in page
    assert "Changed by Sam," in page


def test_a_refusal_keeps_what_was_typed_and_changes_nothing(
    client: Client, sam: User
) -> None:
    client.force_login(sam)

    response = change(client, "minimum_recharge", "5OO")

    page = response.content.decode()
    assert response.status_code == 422
    assert "Enter an amount as a number, such as 50.00; you entered “5OO”." in page
    assert 'value="5OO"' in page
    assert (
        FeatureSetting.objects.count()
        == AuditEntry.objects.filter(verb="feature.changed").count()
        == 0
    )


def test_an_unknown_feature_is_not_found(client: Client, sam: User) -> None:
    client.force_login(sam)

    assert change(client, "no_such_feature", "on").status_code == 404


@pytest.mark.parametrize(
    ("persona", "status"), [("tina", 403), ("alice", 403), ("bob", 403), ("charlie", 403)]
)
def test_tenants_never_reach_it(
    client: Client, request: pytest.FixtureRequest, persona: str, status: int
) -> None:
    client.force_login(request.getfixturevalue(persona))

    assert client.get(LIST).status_code == status
    assert change(client, "invoice_menu", "off").status_code == status
    assert FeatureSetting.objects.count() == 0
