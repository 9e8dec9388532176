"""URLs outside the two portals: log-in by allauth, and those that anybody may call."""

import pytest
from django.test import Client

from tests.access import tables
from tests.access.expectations import Outcome
from tests.access.knocking import METHODS, outcome_of, samples_of, undone
from tests.access.stage import Stage, set_stage
from tools.docs.urls import Url, every_url, is_of_allauth

ANYBODY, SIGNED_IN = "anybody", "signed in"
# Every URL of allauth that is mounted; a new one is judged here before it goes live.
ALLAUTH = {
    "account_confirm_email": ANYBODY,
    "account_confirm_login_code": ANYBODY,
    "account_email_verification_sent": ANYBODY,
    "account_inactive": ANYBODY,
    "account_login": ANYBODY,
    "account_logout": ANYBODY,
    "account_reset_password": ANYBODY,
    "account_reset_password_done": ANYBODY,
    "account_reset_password_from_key": ANYBODY,
    "account_reset_password_from_key_done": ANYBODY,
    "account_signup": ANYBODY,
    "account_change_password": SIGNED_IN,
    "account_email": SIGNED_IN,
    "account_reauthenticate": SIGNED_IN,
    "account_set_password": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_authenticate": ANYBODY,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_download_recovery_codes": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "/accounts/2fa/": SIGNED_IN,
}
FOREIGN = [url for url in every_url() if is_of_allauth(url)]
PUBLIC = [url for url in every_url() if url.permission.startswith("public: ")]


@pytest.fixture
def stage(db: None) -> Stage:
    return set_stage()


def test_every_url_of_allauth_is_judged_here() -> None:
    assert {url.name or url.path for url in FOREIGN} == ALLAUTH.keys()


@pytest.mark.parametrize("url", FOREIGN, ids=lambda url: url.name or url.path)
def test_nobody_signed_out_gets_further_than_logging_in(url: Url, stage: Stage) -> None:
    client = Client(raise_request_exception=False)
    path = url.path.replace("<key>", "no-such-key").replace("<uidb36>", "1")
    before = tables.row_hashes()

    outcomes = {outcome_of(client, method, path) for method in METHODS}

    assert tables.changed(before, tables.row_hashes()) == []
    if ALLAUTH[url.name or url.path] is SIGNED_IN:
        assert outcomes == {Outcome.LOG_IN}


@pytest.mark.parametrize("url", PUBLIC, ids=lambda url: url.name)
@pytest.mark.parametrize("method", METHODS)
def test_a_public_url_asks_nobody_to_log_in_and_refuses_other_methods(
    url: Url, stage: Stage, method: str
) -> None:
    samples = samples_of(url, stage)
    path = url.path
    for kwarg, sample in samples.items():
        path = path.replace(f"<int:{kwarg}>", str(sample.absent))
    before = tables.row_hashes()

    with undone():
        outcome = outcome_of(Client(raise_request_exception=False), method, path)
        unchanged = tables.changed(before, tables.row_hashes()) == []

    assert outcome is not Outcome.LOG_IN
    assert (outcome is Outcome.NOT_ALLOWED) == (method not in url.methods)
    assert outcome is Outcome.SERVED or unchanged
