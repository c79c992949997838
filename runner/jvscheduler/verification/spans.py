"""When attempts ran, as far as their records know.

An attempt that has not ended runs on, unless nothing was heard of it for so
long that it must be dead; one that was lost ran until the last that was heard
of it: its recorded end is when somebody noticed. One of which nothing was heard after
its claim need not have begun: a runner may die before it lets the task go.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.history.records.attempts import Attempt, attempts_of
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Reason, Status
from jvscheduler.verification.accounts import NOT_RUN

SILENT_AFTER: Final = timedelta(minutes=2)
"""Twelve heartbeats. By then a slot is anyone's and a server has closed the record."""

FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)

KUBERNETES: Final = timedelta(seconds=1)
"""Kubernetes tells times in whole seconds, cut off: what it says began may have begun so
much later."""

NODES: Final = timedelta(milliseconds=100)
"""By how much the clocks of two nodes may differ that NTP keeps."""


@dataclass(frozen=True, order=True)
class Span:
    start: datetime
    end: datetime
    job_id: str
    attempt_id: str
    node: str
    limit: int
    """Jobs of the task that might run at once when it began."""

    def meets(self, later: "Span") -> bool:
        """Whether both certainly ran when the later one began."""
        return self.end - later.start > _resolution(self, later)


def _resolution(earlier: Span, later: Span) -> timedelta:
    told_by_kubernetes = later.start.microsecond == 0
    nodes = NODES if earlier.node != later.node else timedelta(0)
    return KUBERNETES if told_by_kubernetes else nodes


def spans(job: ScheduledJob, limit: int, end: datetime) -> Iterator[Span]:
    """Of the attempts that ran; `end` is until when the history is known."""
    for attempt in attempts_of(job):
        if attempt.status not in NOT_RUN:
            start = attempt.start_time
            over = max(start, _end(job, attempt, end))
            if over == start and attempt.reason == Reason.RUNNER_LOST:
                continue
            node = attempt.node_name or ""
            yield Span(start, over, job.id, attempt.attempt_id, node, limit)


def is_stale(job: ScheduledJob, end: datetime) -> bool:
    """Whether it should run and nothing was heard of it."""
    if job.status is not Status.RUNNING:
        return False
    return end - last_sign_of_life(job) > SILENT_AFTER


def last_sign_of_life(job: ScheduledJob) -> datetime:
    starts = [attempt.start_time for attempt in attempts_of(job)]
    signs = [*starts, *(t for t in (job.heartbeat_time, job.execution_time) if t is not None)]
    return max(signs, default=datetime.min.replace(tzinfo=UTC))


def _end(job: ScheduledJob, attempt: Attempt, end: datetime) -> datetime:
    if attempt.reason == Reason.RUNNER_LOST:
        return _last_heard(job, attempt)
    if attempt.completion_time is not None:
        return attempt.completion_time
    return last_sign_of_life(job) if is_stale(job, end) else FOR_EVER


def _last_heard(job: ScheduledJob, attempt: Attempt) -> datetime:
    """Heartbeats are the last attempt's."""
    is_last = attempt == attempts_of(job)[-1]
    return job.heartbeat_time if is_last and job.heartbeat_time else attempt.start_time
