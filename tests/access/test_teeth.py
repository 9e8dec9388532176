"""The matrix finds what it is for: each mistake of `leaky_urls` is named."""

import pytest
from pytest_django import Settings

from tests.access.knocking import complaints, samples_of
from tests.access.personas import ACME, GLOBEX, PERSONAS
from tests.access.samples import SAMPLES, Sample
from tests.access.stage import Stage, set_stage
from tools.docs.urls import Url, every_url


@pytest.fixture
def stage(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Stage:
    settings.ROOT_URLCONF = "tests.access.leaky_urls"
    monkeypatch.setitem(SAMPLES, "group_id", _groups)
    return set_stage()


@pytest.mark.parametrize(
    ("name", "persona", "complaint"),
    [
        ("around", "member", "should be 404, is served"),
        ("writes", "tenant_admin", "refused, yet changed accounts_businessgroup"),
        ("breaks", "viewer", "status 500"),
        ("tells", "member", "two different 404"),
    ],
)
def test_a_mistake_is_found(stage: Stage, name: str, persona: str, complaint: str) -> None:
    url = _url(name)

    found = complaints(url, PERSONAS[persona], stage, samples_of(url, stage), deep=False)

    assert any(complaint in text for text in found), found


def test_a_view_without_permission_says_nothing(stage: Stage) -> None:
    assert (_url("undecorated").permission, _url("undecorated").methods) == ("", ())


def test_an_unknown_placeholder_says_how_to_add_a_sample(stage: Stage) -> None:
    with pytest.raises(AssertionError, match="Add to SAMPLES in tests/access"):
        samples_of(_url("gizmo"), stage)


def _url(name: str) -> Url:
    return next(url for url in every_url() if url.name == name)


def _groups(stage: Stage) -> Sample:
    of = {
        slug: stage.tenants[slug].business_groups.earliest("id").pk
        for slug in (ACME, GLOBEX)
    }
    return Sample(of=dict(of), absent=10**9)
