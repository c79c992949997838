"""Decide an attempt's outcome from what its parent has seen. Pure: the rules, in their order."""

import signal
from dataclasses import dataclass
from typing import Any, Final

from jvscheduler.attempt import deadlines
from jvscheduler.attempt.report import Report
from jvscheduler.outcomes import Reason, Status


@dataclass(frozen=True)
class Interruption:
    """Why the parent ended the child, and when."""

    reason: Reason
    at: float
    """By the monotonic clock, as a report's `finished_at`."""


@dataclass(frozen=True)
class ProcessEnd:
    """How the child ended, and all that is known about it."""

    exit_code: int
    """Negative for a signal, as in `subprocess`."""
    report: Report | None = None
    interruption: Interruption | None = None
    oom_kills: int = 0
    """How often the kernel killed a process for lack of memory while the task ran."""


@dataclass(frozen=True)
class Verdict:
    status: Status
    reason: Reason | None = None
    error_message: str | None = None
    traceback: str | None = None
    result: Any = None
    is_last: bool = False
    """True when no further attempt may follow."""


_TIME_IS_OVER: Final = (Reason.DEADLINE_EXCEEDED, Reason.IMPORT_TIMEOUT)
_STOPPED: Final = {
    Reason.TERMINATED: (
        "the task got SIGTERM before it ended: its pod, or what ran it, was told to stop"
    ),
    Reason.REPLACED: "the task got SIGTERM: a later job replaces it (Replace)",
}


def judge(end: ProcessEnd, timeout_seconds: float | None) -> Verdict:
    report = end.report
    if report is not None and _counts(report, end.interruption):
        return _reported(report)
    if end.interruption is not None:
        return _interrupted(end.interruption, report, timeout_seconds)
    return _crashed(end)


def _counts(report: Report, interruption: Interruption | None) -> bool:
    """True when the child's own report decides, although its parent may have interrupted it."""
    # The task ended by itself, just before it was interrupted.
    if interruption is None or report.finished_at <= interruption.at:
        return True
    # A task that was asked to terminate and completed all the same has completed. A task that
    # completed after its time limit has still exceeded the limit.
    return report.completed and interruption.reason not in _TIME_IS_OVER


def _reported(report: Report) -> Verdict:
    status = Status.COMPLETED if report.completed else Status.FAILED
    return Verdict(
        status,
        report.reason,
        report.error_message,
        report.traceback,
        report.result,
        report.is_last,
    )


def _interrupted(
    interruption: Interruption, report: Report | None, timeout_seconds: float | None
) -> Verdict:
    reason = interruption.reason
    trace = report.traceback if report else None
    if reason is Reason.DEADLINE_EXCEEDED:
        text = f"the task ran longer than its timeout of {timeout_seconds:g} s"
        return Verdict(Status.TIMEOUT, reason, text, trace)
    if reason is Reason.IMPORT_TIMEOUT:
        text = (
            f"the task's module was not imported within {deadlines.IMPORT_SECONDS:g} s; "
            "do in the task what takes so long"
        )
        return Verdict(Status.TIMEOUT, reason, text, trace)
    return Verdict(Status.FAILED, reason, _STOPPED[reason], trace)


def _crashed(end: ProcessEnd) -> Verdict:
    # The kernel's count alone proves nothing: it may have killed another process of the container.
    # A process that was killed for memory always dies by SIGKILL.
    if end.exit_code == -signal.SIGKILL and end.oom_kills:
        text = "the task was killed because it used more memory than its limit; raise the limit"
        return Verdict(Status.FAILED, Reason.OOM_KILLED, text)
    if end.exit_code < 0:
        text = f"the task's process was killed by {_signal_name(-end.exit_code)}"
        return Verdict(Status.FAILED, Reason.CRASHED, text)
    text = f"the task's process exited with code {end.exit_code} before the task returned"
    return Verdict(Status.FAILED, Reason.CRASHED, text)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
