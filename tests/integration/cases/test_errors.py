"""An error that cannot be shown is recorded as what it is, and not as a crash of the process."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from jvscheduler.outcomes import Reason, Status
from tests.support.runner.process import Runner
from tests.support.worker_process import a_worker


@dataclass(frozen=True)
class Case:
    task: str
    message: str
    line: str
    """Where it was raised; the traceback names it."""


CASES = [
    Case("syntax_error_with_bytes", "SyntaxError: unexpected token", "in syntax_error_with_bytes"),
    Case("text_that_exits", "Exits: (its message cannot be shown)", "in text_that_exits"),
    Case("broken_notes", "ValueError: no price", "in broken_notes"),
]


def test_in_a_loops_worker(tmp_path: Path) -> None:
    with a_worker(tmp_path) as worker:
        loop = worker.connect()
        for case in CASES:
            loop.run(case.task, f"errors.{case.task}", package="tests.cases")
            end = loop.end(case.task)
            assert (end.status, end.reason) == (Status.FAILED, Reason.TASK_RAISED)
            assert case.message in (end.error_message or "")
            assert case.line in (end.traceback or "")


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.task)
def test_in_a_pod(case: Case, tmp_path: Path) -> None:
    runner = Runner(tmp_path, f"errors.{case.task}", package="tests.cases")
    message = runner.run().message
    assert message is not None
    assert (message.status, message.reason) == (Status.FAILED, Reason.TASK_RAISED)
    assert case.message in (message.error_message or "")
    assert case.line in (message.traceback or "")
