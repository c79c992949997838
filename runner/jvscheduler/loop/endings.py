"""What an ended attempt means: its outcome, and whether another attempt follows. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.history.merge import outcome_of
from jvscheduler.outcomes import Outcome, Reason, Status, from_message
from jvscheduler.runner.limit import is_alive
from jvscheduler.runner.retries import retry_pause

_RETRY_DELAY: Final = timedelta(seconds=10)
"""What a process may take to start on a slow machine, and its claim to be written."""


def ended(message: str, exit_code: int, claim: Outcome, now: datetime) -> Outcome | None:
    """What became of the attempt; None when it found its job taken and did nothing.

    A runner that left no message and no success was killed.
    """
    try:
        return from_message(message)
    except ValueError:
        return None if exit_code == 0 else lost(claim, now, f"its runner ended with {exit_code}")


def lost(claim: Outcome, now: datetime, how: str) -> Outcome:
    return replace(
        claim,
        status=Status.FAILED,
        reason=Reason.RUNNER_LOST,
        error_message=f"what became of the task is unknown: {how} before it recorded an outcome",
        completion_time=now,
    )


def lacks_retry(job: ScheduledJob, now: datetime) -> bool:
    """Whether nobody has begun the retry that a job awaits, although it is due.

    Until then the scheduler that ran the last attempt, in another process
    perhaps, is the one to retry it.
    """
    if job.status is not Status.PENDING or not job.attempts:
        return False
    ended = datetime.fromisoformat(job.attempts[-1]["completion_time"])
    return now >= ended + timedelta(seconds=retry_pause(len(job.attempts))) + _RETRY_DELAY


def silent_attempts(job: ScheduledJob, now: datetime) -> Sequence[Outcome]:
    """The outcomes that close a job's running attempts, if its runner has been silent too long."""
    if job.status is not Status.RUNNING or is_alive(job, now):
        return ()
    running = [a for a in job.attempts if a["status"] == Status.RUNNING]
    return [lost(outcome_of(job, a), now, "its runner fell silent") for a in running]
