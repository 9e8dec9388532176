"""Without a guard some test is red: the long proof, by `./dev sabotage`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.sabotage import naming

ROOT = Path(__file__).parents[2]


@pytest.mark.deep
def test_no_guard_can_be_dropped_unnoticed() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}

    done = subprocess.run(
        [sys.executable, "-m", "tools.sabotage"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_a_name_leads_to_the_tests_that_state_it() -> None:
    by_name = naming.tests_by_name(ROOT)

    assert by_name["audit_is_append_only"] == {"tests/census/test_attacks.py"}
    assert "tests/funds/test_attacks.py" in by_name["pot_balance_moves"]
