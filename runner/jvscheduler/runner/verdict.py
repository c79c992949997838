"""What became of the task, from what the supervisor saw: the rules, in their order."""

import signal
from dataclasses import dataclass
from enum import Enum

from jvscheduler.outcomes import Reason, Status
from jvscheduler.runner.report import Report


class Cause(Enum):
    """Why the supervisor ended the task."""

    DEADLINE = "deadline"
    TERMINATED = "terminated"


@dataclass(frozen=True)
class Interruption:
    """`at` is of the monotonic clock."""

    cause: Cause
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


def judge(ended: Ended, timeout_seconds: float | None) -> Verdict:
    report = ended.report
    if report is not None and _believable(report, ended.interruption):
        return _reported(report)
    if ended.interruption is not None:
        return _interrupted(ended.interruption, timeout_seconds)
    return _crashed(ended)


def _believable(report: Report, interruption: Interruption | None) -> bool:
    """A report counts when the task ended by itself, even if we were about to end it.

    A task that was asked to terminate and completed all the same has completed;
    one that completed after its deadline has not kept it.
    """
    if interruption is None or report.finished_at <= interruption.at:
        return True
    return report.completed and interruption.cause is Cause.TERMINATED


def _reported(report: Report) -> Verdict:
    status = Status.COMPLETED if report.completed else Status.FAILED
    return Verdict(status, report.reason, report.error_message)


def _interrupted(interruption: Interruption, timeout_seconds: float | None) -> Verdict:
    if interruption.cause is Cause.DEADLINE:
        text = f"the task ran longer than its timeout of {timeout_seconds:g} s"
        return Verdict(Status.TIMEOUT, Reason.DEADLINE_EXCEEDED, text)
    text = "the task was told to terminate before it ended: its pod was deleted or `dev` stopped"
    return Verdict(Status.FAILED, Reason.TERMINATED, text)


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
