"""When a child's time is over. Pure: the rules, for the runner and the worker alike.

An import and the task's own code have a limit each. That of the import begins with the fork, that
of the code with its first line. The child notes both steps in memory that it shares with its
parent, and wakes nobody: before the first line of a task, every millisecond counts. So the parent
looks again whenever the code could be over its limit at the earliest.
"""

from dataclasses import dataclass
from typing import Final

from jvscheduler.outcomes import Reason

GRACE_SECONDS: Final = 5.0
"""A task may clean up for this long between SIGTERM and SIGKILL."""
EXIT_SECONDS: Final = 10.0
"""Longest time for the end of a run, after the task's own code has ended: `child.ending`."""
IMPORT_SECONDS: Final = 60.0
"""Longest time from the fork until the task is imported: its module may never finish its import."""


@dataclass(frozen=True)
class Progress:
    """How far a child has come. Times are those of the monotonic clock."""

    forked_at: float
    is_loaded: bool = False
    """True when the task is imported, or when its import has failed."""
    started_at: float | None = None
    """When the task's own code began."""
    finished_at: float | None = None
    """When the task's code ended. The child then only runs its hooks and flushes its files."""


def must_be_killed(progress: Progress, now: float) -> bool:
    """True when the end of the run does not end. The child's own bound comes a grace earlier."""
    return progress.finished_at is not None and now >= _kill_at(progress.finished_at)


def exceeded(progress: Progress, timeout_seconds: float | None, now: float) -> Reason | None:
    """Return which limit is over. `timeout_seconds` is the limit of the task's own code."""
    if progress.finished_at is not None:
        return None
    if progress.started_at is not None:
        over = timeout_seconds is not None and now >= progress.started_at + timeout_seconds
        return Reason.DEADLINE_EXCEEDED if over else None
    if not progress.is_loaded and now >= progress.forked_at + IMPORT_SECONDS:
        return Reason.IMPORT_TIMEOUT
    return None


def look_again_at(progress: Progress, timeout_seconds: float | None, now: float) -> float | None:
    """Return the earliest time at which a limit may be over; None when there is no limit.

    Call it when `exceeded` has found none. `timeout_seconds` is None as long as the gate is closed.
    """
    if progress.finished_at is not None:
        return _kill_at(progress.finished_at)
    if progress.started_at is not None:
        return None if timeout_seconds is None else progress.started_at + timeout_seconds
    # Code that has not begun may begin right now, and cannot be over its limit before this.
    earliest = [] if timeout_seconds is None else [now + timeout_seconds]
    if not progress.is_loaded:
        earliest.append(progress.forked_at + IMPORT_SECONDS)
    return min(earliest, default=None)


def _kill_at(finished_at: float) -> float:
    return finished_at + EXIT_SECONDS + GRACE_SECONDS
