"""Auditing the books: every check of every app that has to do with money."""

from datetime import datetime
from typing import Final

import billing.checks
import funds.checks
import payments.checks
from cmp.lib import books
from cmp.lib.jobs.runs import record_run

JOB: Final = "audit_books"


def audit(*, at: datetime, started_by: str = "schedule") -> list[books.Outcome]:
    """Run every check and keep what was found as a run: how many breaches, of what.

    Reads and never repairs; may be run at any time beside everything else.
    """
    checks = [
        *funds.checks.BOOK_CHECKS,
        *payments.checks.BOOK_CHECKS,
        *billing.checks.BOOK_CHECKS,
    ]
    with record_run(JOB, at=at, started_by=started_by) as run:
        outcomes = books.run(checks)
        run.counted = sum(outcome.count for outcome in outcomes)
        run.errors = [outcome.name for outcome in outcomes if not outcome.ok]
    return outcomes
