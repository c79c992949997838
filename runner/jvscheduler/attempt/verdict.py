"""What became of the task, from what the supervisor saw: the rules, in their order."""

import signal
from dataclasses import dataclass
from typing import Any, Final

from jvscheduler.attempt.report import Report
from jvscheduler.outcomes import Reason, Status


@dataclass(frozen=True)
class Interruption:
    """Why the supervisor ended the task; `at` is of the monotonic clock."""

    reason: Reason
    at: float


@dataclass(frozen=True)
class Ended:
    """The end of the task's process. `exit_code` is negative for a signal, as subprocess has it.

    `oom_kills` is how often the kernel killed for memory while the task ran.
    """

    exit_code: int
    report: Report | None = None
    interruption: Interruption | None = None
    oom_kills: int = 0


@dataclass(frozen=True)
class Verdict:
    status: Status
    reason: Reason | None = None
    error_message: str | None = None
    traceback: str | None = None
    result: Any = None


_STOPPED: Final = {
    Reason.TERMINATED: (
        "the task was told to terminate before it ended: its pod was deleted or `dev` stopped"
    ),
    Reason.REPLACED: "the task was told to terminate: a later job takes its place (Replace)",
}


def judge(ended: Ended, timeout_seconds: float | None) -> Verdict:
    report = ended.report
    if report is not None and _believable(report, ended.interruption):
        return _reported(report)
    if ended.interruption is not None:
        return _interrupted(ended.interruption, report, timeout_seconds)
    return _crashed(ended)


def _believable(report: Report, interruption: Interruption | None) -> bool:
    """A report counts when the task ended by itself, even if we were about to end it.

    A task that was asked to terminate and completed all the same has completed;
    one that completed after its deadline has not kept it.
    """
    if interruption is None or report.finished_at <= interruption.at:
        return True
    return report.completed and interruption.reason is not Reason.DEADLINE_EXCEEDED


def _reported(report: Report) -> Verdict:
    status = Status.COMPLETED if report.completed else Status.FAILED
    return Verdict(status, report.reason, report.error_message, report.traceback, report.result)


def _interrupted(
    interruption: Interruption, report: Report | None, timeout_seconds: float | None
) -> Verdict:
    reason = interruption.reason
    if reason is Reason.DEADLINE_EXCEEDED:
        text = f"the task ran longer than its timeout of {timeout_seconds:g} s"
        return Verdict(Status.TIMEOUT, reason, text)
    trace = report.traceback if report else None
    return Verdict(Status.FAILED, reason, _STOPPED[reason], trace)


def _crashed(ended: Ended) -> Verdict:
    if ended.exit_code == -signal.SIGKILL and ended.oom_kills:
        text = "the task was killed because it used more memory than it may; raise its limit"
        return Verdict(Status.FAILED, Reason.OOM_KILLED, text)
    if ended.exit_code < 0:
        text = f"the task's process was killed by {_signal_name(-ended.exit_code)}"
        return Verdict(Status.FAILED, Reason.CRASHED, text)
    text = f"the task's process exited with code {ended.exit_code} before the task returned"
    return Verdict(Status.FAILED, Reason.CRASHED, text)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
