"""Histories as an honest scheduler would write them, made from a seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jvscheduler.history.records.instants import InstantRange, is_in_range
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.revisions import ScheduleRevision, identified
from jvscheduler.history.times import to_text
from jvscheduler.names import manual_job_id, scheduled_job_id
from jvscheduler.outcomes import Reason, Status

NAMESPACE, TASK = "shop", "shop.tasks.restock"


@dataclass
class GivenHistory:
    """The history of one task, as a verification reads it. `most` is its largest answer so far."""

    definitions: list[ScheduleRevision] = field(default_factory=list)
    jobs: list[ScheduledJob] = field(default_factory=list)
    most: int = 0

    async def revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Sequence[ScheduleRevision]:
        return self.definitions

    async def jobs_between(self, instants: InstantRange) -> Sequence[ScheduledJob]:
        found = [job for job in self.jobs if is_in_range(job, instants)]
        self.most = max(self.most, len(found))
        return found


def revision(since: datetime, schedule: str, **changes: Any) -> ScheduleRevision:
    made = ScheduleRevision(job_name=TASK, namespace=NAMESPACE, schedule=schedule, **changes)
    return identified(made, since)


def run(due: datetime, start: datetime, seconds: float, **changes: Any) -> ScheduledJob:
    """A completed job."""
    made = ScheduledJob(
        id=scheduled_job_id(NAMESPACE, TASK, due),
        job_name=TASK,
        namespace=NAMESPACE,
        scheduled_time=due,
        kubernetes_job=f"restock-{due:%s}",
        execution_time=start,
        status=Status.COMPLETED,
        attempts=[attempt(1, start, seconds)],
    )
    return made.model_copy(update=changes)


def attempt(number: int, start: datetime, seconds: float, **changes: Any) -> dict[str, Any]:
    return {
        "attempt_id": f"{start:%H%M%S}-{number}",
        "status": "completed",
        "reason": None,
        "start_time": to_text(start),
        "completion_time": to_text(start + timedelta(seconds=seconds)),
        "node_name": None,
    } | changes


def manual(name: str, start: datetime, seconds: float) -> ScheduledJob:
    made = run(start, start, seconds, scheduled_time=None, kubernetes_job=name)
    return made.model_copy(update={"id": manual_job_id(NAMESPACE, TASK, name)})


def stretch(first: datetime, last: datetime, count: int, reason: Reason) -> ScheduledJob:
    status = Status.MISSED
    if reason in (Reason.SUSPENDED, Reason.CONCURRENCY_LIMIT):
        status = Status.SKIPPED
    return run(
        first,
        first,
        0,
        status=status,
        reason=reason.value,
        execution_time=None,
        attempts=[],
        last_scheduled_time=last if count > 1 else None,
        instants=count,
    )


class Honest:
    """A scheduler that records every instant, keeps its limit, and is down now and then."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._ends: list[datetime] = []
        self._stretch: list[datetime] = []
        self._reason = Reason.LOOP_DOWN
        self.jobs: list[ScheduledJob] = []

    def keep(self, revisions: Sequence[ScheduleRevision], end: datetime) -> list[ScheduledJob]:
        for due, definition in instants(revisions, end):
            self._record(due, definition)
        self._close_stretch()
        return self.jobs

    def _record(self, due: datetime, definition: ScheduleRevision) -> None:
        if definition.suspended:
            self._add_to_stretch(due, Reason.SUSPENDED)
        elif self._random.random() < (0.8 if self._reason is Reason.LOOP_DOWN else 0.05):
            self._add_to_stretch(due, Reason.LOOP_DOWN)
        else:
            self._close_stretch()
            self._reason = Reason.SUSPENDED
            self._run(due, definition.max_concurrency)

    def _add_to_stretch(self, due: datetime, reason: Reason) -> None:
        if reason is not self._reason or self._random.random() < 0.1:
            self._close_stretch()
        self._reason = reason
        self._stretch.append(due)

    def _close_stretch(self) -> None:
        if self._stretch:
            self.jobs.append(
                stretch(self._stretch[0], self._stretch[-1], len(self._stretch), self._reason)
            )
        self._stretch = []

    def _run(self, due: datetime, limit: int) -> None:
        start = due + timedelta(seconds=self._random.expovariate(20))
        self._ends = [end for end in self._ends if end > start]
        if len(self._ends) >= limit:
            self.jobs.append(stretch(due, due, 1, Reason.CONCURRENCY_LIMIT))
            return
        seconds = self._random.expovariate(1 / 30)
        retried = self._random.random() < 0.2
        first = attempt(1, start, seconds, status="failed" if retried else "completed")
        again = start + timedelta(seconds=seconds + self._random.random())
        attempts = [first, attempt(2, again, seconds)] if retried else [first]
        self._ends.append(datetime.fromisoformat(attempts[-1]["completion_time"]))
        self.jobs.append(run(due, start, seconds, attempts=attempts))
        if self._random.random() < 0.1 and len(self._ends) < limit:
            self.jobs.append(manual(f"by-hand-{len(self.jobs)}", start, seconds))
            self._ends.append(start + timedelta(seconds=seconds))


def instants(
    revisions: Sequence[ScheduleRevision], end: datetime
) -> Iterator[tuple[datetime, ScheduleRevision]]:
    """The due instants up to `end`, computed from the schedules alone."""
    starts = [r.since for r in revisions if r.since is not None]
    for start, until, definition in zip(starts, [*starts[1:], end], revisions, strict=True):
        due = definition.parsed().next(start)
        while due is not None and due <= until and not definition.removed:
            yield due, definition
            due = definition.parsed().next(due)
