"""The loop's lines about jobs."""

from datetime import UTC, datetime

import pytest

from jvscheduler.loop.log import LOG, say_outcome
from jvscheduler.outcomes import Outcome, Status

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_a_line_about_an_attempt_names_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", LOG.name)
    texts = ("TaskRaised", "ValueError: no\nstock")
    outcome = Outcome(
        *("id", "restock", "shop", "restock-1", "attempt-1"),
        Status.FAILED,
        NOON,
        NOON,
        NOON,
        *texts,
    )
    say_outcome(outcome)
    (line,) = caplog.records
    assert "\n" not in line.getMessage()
    assert (
        vars(line).items()
        >= {
            "task_id": "restock",
            "job": "restock-1",
            "attempt": "attempt-1",
            "reason": "TaskRaised",
            "event": "failed",
        }.items()
    )
