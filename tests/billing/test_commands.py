"""The hourly run from the shell: one JSON object, and misuse is said so."""

import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import BusinessGroup, User
from billing.models import Charge
from cmp.lib.jobs.models import JobRun
from funds.models import FundAccount
from tests.factories.billing import running


def test_the_run_answers_in_json(
    funded: FundAccount,
    mia: User,
    group: BusinessGroup,
    capsys: pytest.CaptureFixture[str],
) -> None:
    running(mia, group)

    call_command("run_hourly_deductions", "--until", "2026-03-01T17:30:00+03:00", "--json")

    assert json.loads(capsys.readouterr().out) == {
        "from": "2026-03-01T12:00:00+00:00",
        "until": "2026-03-01T14:00:00+00:00",
        "fund_accounts": 1,
        "charges": 2,
        "amount": {"USD": "0.154346"},
        "parked": 0,
        "dry_run": False,
    }
    assert JobRun.objects.get().started_by == "command"


def test_a_dry_run_writes_no_charge(
    funded: FundAccount,
    mia: User,
    group: BusinessGroup,
    capsys: pytest.CaptureFixture[str],
) -> None:
    running(mia, group)

    call_command("run_hourly_deductions", "--until", "2026-03-01T14:00Z", "--dry-run")

    shown = capsys.readouterr().out
    assert "charges: 2" in shown
    assert "amount: {'USD': '0.154346'}" in shown
    assert not Charge.objects.exists()
    assert JobRun.objects.get().dry_run


@pytest.mark.django_db
@pytest.mark.parametrize(
    "until", ["yesterday", "2026-03-01T14:00:00", "2026-13-01T14:00:00Z", "1e40", "-1", ""]
)
def test_an_instant_that_is_none_is_misuse(until: str) -> None:
    with pytest.raises(CommandError, match="instant with its zone") as refusal:
        call_command("run_hourly_deductions", "--until", until)

    assert refusal.value.returncode == 2
    assert not JobRun.objects.exists()
