"""When a child's time is over: its import and the task's own code have a limit each."""

from dataclasses import dataclass

import pytest

from jvscheduler.attempt.deadlines import (
    IMPORT_SECONDS,
    Progress,
    exceeded,
    look_again_at,
    must_be_killed,
)
from jvscheduler.outcomes import Reason

FORKED = 100.0
IMPORTS_UNTIL = FORKED + IMPORT_SECONDS
IMPORTING = Progress(FORKED)
AT_ITS_GATE = Progress(FORKED, is_loaded=True)
ENDING = Progress(FORKED, is_loaded=True, started_at=150.0, finished_at=152.0)
RUNNING = Progress(FORKED, is_loaded=True, started_at=150.0)


@dataclass(frozen=True)
class Case:
    progress: Progress
    timeout_seconds: float | None
    now: float
    over: Reason | None = None
    look_again: float | None = None


CASES = {
    "importing has its own limit": Case(IMPORTING, 3, IMPORTS_UNTIL - 1, None, IMPORTS_UNTIL),
    "code that may begin now is looked at again": Case(IMPORTING, 3, 110, None, 113),
    "an import that never ends": Case(IMPORTING, 3, IMPORTS_UNTIL, Reason.IMPORT_TIMEOUT),
    "an import that never ends, without a limit": Case(
        IMPORTING, None, IMPORTS_UNTIL, Reason.IMPORT_TIMEOUT
    ),
    "a task at its gate waits as long as it likes": Case(AT_ITS_GATE, None, IMPORTS_UNTIL + 99),
    "a task whose gate was opened": Case(AT_ITS_GATE, 3, 140, None, 143),
    "a running task": Case(RUNNING, 3, 151, None, 153),
    "a running task without a limit": Case(RUNNING, None, 9999),
    "a task whose code has ended in time": Case(ENDING, 3, 160, None, 152 + 10 + 5),
    "a task that runs too long": Case(RUNNING, 3, 153, Reason.DEADLINE_EXCEEDED),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_step_has_its_limit(case: Case) -> None:
    over = exceeded(case.progress, case.timeout_seconds, case.now)
    assert over is case.over
    if over is None:
        again = look_again_at(case.progress, case.timeout_seconds, case.now)
        assert again == case.look_again


def test_the_end_of_a_run_that_does_not_end_is_killed() -> None:
    assert not must_be_killed(RUNNING, 9999)
    assert not must_be_killed(ENDING, 166)
    assert must_be_killed(ENDING, 167)
