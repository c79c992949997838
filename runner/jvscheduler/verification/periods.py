"""The periods in which attempts ran, as far as their records show.

- An attempt that has not ended runs on. If its last heartbeat is too old, it is dead.
- A lost attempt ran until its last heartbeat: its recorded end is when somebody noticed.
- A lost attempt without a heartbeat after its claim may never have run: a runner can die between
  its claim and the start of the task. It has no period.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.history.records.attempts import AttemptRecord, attempts_of
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Reason, Status
from jvscheduler.verification.records import NOT_RUN

SILENT_AFTER: Final = timedelta(minutes=2)
"""Twelve heartbeats. Long before this the slot has expired and a server has closed the record."""

FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)

WHOLE_SECONDS: Final = timedelta(seconds=1)
"""The most by which a time of Kubernetes can be early: it cuts times to whole seconds."""

CLOCK_DIFFERENCE: Final = timedelta(milliseconds=100)
"""The most by which the clocks of two nodes differ while NTP keeps them."""


@dataclass(frozen=True, order=True)
class Period:
    start: datetime
    end: datetime
    job_id: str
    attempt_id: str
    node: str
    limit: int
    """How many jobs of the task might run at once when the attempt began."""

    def overlaps(self, later: "Period") -> bool:
        """True when this attempt certainly still ran when the later one began."""
        return self.end - later.start > _resolution(self, later)


def _resolution(earlier: Period, later: Period) -> timedelta:
    """How much the times of two attempts may differ from the truth."""
    is_from_kubernetes = later.start.microsecond == 0
    between_nodes = CLOCK_DIFFERENCE if earlier.node != later.node else timedelta(0)
    return WHOLE_SECONDS if is_from_kubernetes else between_nodes


def periods(job: ScheduledJob, limit: int, known_until: datetime) -> Iterator[Period]:
    """The periods of the job's attempts that ran."""
    attempts = attempts_of(job)
    for attempt in attempts:
        if attempt.status in NOT_RUN:
            continue
        is_last = attempt is attempts[-1]
        end = max(attempt.start_time, _end(job, attempt, known_until, is_last=is_last))
        if end == attempt.start_time and attempt.reason == Reason.RUNNER_LOST:
            continue
        node = attempt.node_name or ""
        yield Period(attempt.start_time, end, job.id, attempt.attempt_id, node, limit)


def is_stale(job: ScheduledJob, known_until: datetime) -> bool:
    """True when the record says `running` but the last sign of life is too old."""
    if job.status is not Status.RUNNING:
        return False
    return known_until - last_sign_of_life(job) > SILENT_AFTER


def last_sign_of_life(job: ScheduledJob) -> datetime:
    starts = [attempt.start_time for attempt in attempts_of(job)]
    signs = [*starts, *(t for t in (job.heartbeat_time, job.execution_time) if t is not None)]
    return max(signs, default=datetime.min.replace(tzinfo=UTC))


def _end(
    job: ScheduledJob, attempt: AttemptRecord, known_until: datetime, *, is_last: bool
) -> datetime:
    if attempt.reason == Reason.RUNNER_LOST:
        # The record's heartbeat is the last attempt's.
        return job.heartbeat_time if is_last and job.heartbeat_time else attempt.start_time
    if attempt.completion_time is not None:
        return attempt.completion_time
    return last_sign_of_life(job) if is_stale(job, known_until) else FOR_EVER
