"""What becomes of an attempt whose runner is no more. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from jvscheduler.attempt.limits import is_alive
from jvscheduler.history.records.attempts import attempts_of
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.merge import outcome_of
from jvscheduler.outcomes import Outcome, Reason, Status


def lost(claim: Outcome, now: datetime, how: str) -> Outcome:
    return replace(
        claim,
        status=Status.FAILED,
        reason=Reason.RUNNER_LOST,
        error_message=f"what became of the task is unknown: {how} before it recorded an outcome",
        completion_time=now,
    )


def silent_attempts(job: ScheduledJob, now: datetime) -> Sequence[Outcome]:
    """The outcomes that close a job's running attempts, if its runner has been silent too long."""
    if job.status is not Status.RUNNING or is_alive(job, now):
        return ()
    running = [a for a in attempts_of(job) if a.status is Status.RUNNING]
    return [lost(outcome_of(job, a), now, "its runner fell silent") for a in running]
