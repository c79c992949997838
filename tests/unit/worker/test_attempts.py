"""The verdict on an attempt whose child was killed, or was never forked."""

import time

import pytest

from jvscheduler import kernel
from jvscheduler.attempt.process import Usage
from jvscheduler.attempt.verdict import ProcessEnd
from jvscheduler.outcomes import Reason, Status
from jvscheduler.worker import messages
from jvscheduler.worker.attempts import WorkerAttempt
from jvscheduler.worker.log import Log
from jvscheduler.worker.output import Output


class Killed:
    """A child that was killed by SIGKILL."""

    def end(self, usage: Usage, oom_kills: int) -> ProcessEnd:
        return ProcessEnd(usage.exit_code, None, None, oom_kills)


@pytest.mark.parametrize(
    ("exit_code", "kills", "reason"),
    [
        pytest.param(-9, 3, Reason.OOM_KILLED, id="killed while the kernel's count rose"),
        pytest.param(-9, 2, Reason.CRASHED, id="killed by somebody else"),
        pytest.param(
            1, 3, Reason.CRASHED, id="ended while another attempt was killed for its memory"
        ),
    ],
)
def test_only_a_killed_attempt_can_have_run_out_of_memory(
    exit_code: int, kills: int, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "read_oom_kills", lambda _: kills)
    start = messages.Start("a", "shop:restock", None, {}, {})
    attempt = WorkerAttempt(start, Output("shop", Log(1)), Killed())  # type: ignore[arg-type]
    attempt.end(Usage(exit_code, 0.0, 0))
    attempt.release(0, oom_kills=2)
    assert attempt.verdict(None).reason is reason


def test_an_attempt_that_is_stopped_before_it_begins_does_not_end_in_the_future() -> None:
    start = messages.Start("a", "shop:restock", None, {}, {})
    attempt = WorkerAttempt(start, Output("shop", Log(1)), None)
    attempt.release(after_seconds=3600, oom_kills=0)
    assert attempt.started_at() <= attempt.ended_at() <= time.time()


def test_an_attempt_without_a_process_fails_with_that_error() -> None:
    start = messages.Start("a", "shop:restock", None, {}, {})
    error = "no process could be started for the task"
    verdict = WorkerAttempt(start, Output("shop", Log(1)), None, error).verdict(None)
    assert (verdict.status, verdict.reason) == (Status.FAILED, Reason.CRASHED)
    assert verdict.error_message == error
