"""The verdict on an attempt, for each way in which its process can end."""

import signal
from dataclasses import dataclass

import pytest

from jvscheduler.attempt.report import Report
from jvscheduler.attempt.verdict import Interruption, ProcessEnd, judge
from jvscheduler.outcomes import Reason, Status

COMPLETED = Report(finished_at=100.0)
RAISED = Report(finished_at=100.0, reason=Reason.TASK_RAISED, error_message="KeyError: 7")
DEADLINE = Interruption(Reason.DEADLINE_EXCEEDED, at=99.0)
LATER_DEADLINE = Interruption(Reason.DEADLINE_EXCEEDED, at=101.0)
REPLACED = Interruption(Reason.REPLACED, at=99.0)
TERMINATED = Interruption(Reason.TERMINATED, at=99.0)


@dataclass(frozen=True)
class Case:
    end: ProcessEnd
    status: Status
    reason: Reason | None = None
    error: str = ""


CASES = {
    "it returned": Case(ProcessEnd(0, COMPLETED), Status.COMPLETED),
    "it raised": Case(ProcessEnd(1, RAISED), Status.FAILED, Reason.TASK_RAISED, "KeyError: 7"),
    "it returned and then crashed": Case(ProcessEnd(-11, COMPLETED), Status.COMPLETED),
    "it did not end in time": Case(
        ProcessEnd(-9, None, DEADLINE), Status.TIMEOUT, Reason.DEADLINE_EXCEEDED, "timeout of 5 s"
    ),
    "it ended in the grace period after its deadline": Case(
        ProcessEnd(0, COMPLETED, DEADLINE), Status.TIMEOUT, Reason.DEADLINE_EXCEEDED
    ),
    "it ended just before its deadline": Case(
        ProcessEnd(0, COMPLETED, LATER_DEADLINE), Status.COMPLETED
    ),
    "it raised because it was terminated": Case(
        ProcessEnd(1, RAISED, TERMINATED),
        Status.FAILED,
        Reason.TERMINATED,
        "got SIGTERM before it ended",
    ),
    "a later job replaces it": Case(
        ProcessEnd(1, RAISED, REPLACED), Status.FAILED, Reason.REPLACED, "later job"
    ),
    "it completed although it was terminated": Case(
        ProcessEnd(0, COMPLETED, TERMINATED), Status.COMPLETED
    ),
    "it was killed by the supervisor": Case(
        ProcessEnd(-9, None, TERMINATED), Status.FAILED, Reason.TERMINATED
    ),
    "it was killed for its memory": Case(
        ProcessEnd(-9, oom_kills=1), Status.FAILED, Reason.OOM_KILLED, "more memory"
    ),
    "somebody killed it": Case(ProcessEnd(-9), Status.FAILED, Reason.CRASHED, "killed by SIGKILL"),
    "another process was killed for its memory and it crashed": Case(
        ProcessEnd(-signal.SIGSEGV, oom_kills=1), Status.FAILED, Reason.CRASHED, "SIGSEGV"
    ),
    "a signal without a name": Case(ProcessEnd(-40), Status.FAILED, Reason.CRASHED, "signal 40"),
    "it left without returning": Case(
        ProcessEnd(0), Status.FAILED, Reason.CRASHED, "exited with code 0 before"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_verdict_follows_from_the_end(case: Case) -> None:
    verdict = judge(case.end, timeout_seconds=5.0)
    assert (verdict.status, verdict.reason) == (case.status, case.reason)
    assert case.error in (verdict.error_message or "")
