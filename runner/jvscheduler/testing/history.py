"""The store of job records in memory."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from jvscheduler.history.records.instants import (
    InstantRange,
    by_first_instant,
    is_in_range,
    last_instants,
)
from jvscheduler.history.records.jobs import ScheduledJob, is_shorter, stretch_job
from jvscheduler.history.records.listings import (
    DETAILS,
    JobFilter,
    JobPage,
    Position,
    place_of,
    position_of,
)
from jvscheduler.history.records.merge import may_run, merge
from jvscheduler.history.records.presences import SchedulerPresence
from jvscheduler.history.records.revisions import ScheduleRevision, by_start
from jvscheduler.history.records.summaries import MOST, TaskSummary, summarize
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.history.records.unstarted import UnstartedJob, first_unstarted, merge_unstarted
from jvscheduler.history.store.protocol import Recent
from jvscheduler.outcomes import Outcome, Status, Stretch
from jvscheduler.testing.slots import MemorySlots

_NO_DETAILS: Final = {name: ScheduledJob().model_dump()[name] for name in DETAILS}


class MemoryHistory(MemorySlots):
    """A `LoopStore` for tests of code that reads or writes the history.

    It is never unavailable, and keeps to the same contract suites as the store in a database.

    ```python
    history = MemoryHistory()
    asyncio.run(history.record(outcome))  # or the code under test
    jobs = asyncio.run(history.recent(since=NOON, status=None, limit=10)).jobs
    ```
    """

    def __init__(self) -> None:
        super().__init__()
        self._jobs: dict[str, ScheduledJob] = {}
        self._revisions: dict[str, ScheduleRevision] = {}
        self._takeovers: dict[str, UnsettledTakeover] = {}
        self._presences: dict[str, SchedulerPresence] = {}

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def free_slots(self, namespace: str, holders: Sequence[str]) -> None:  # noqa: ARG002
        await self.release_slots(holders)

    async def disconnect(self) -> None:
        """There is no connection."""

    async def ping(self) -> None:
        """Nothing to reach."""

    async def sizes(self) -> Mapping[str, int] | None:
        """All namespaces share one memory."""
        return None

    async def claim(self, outcome: Outcome) -> ScheduledJob | None:
        job = self._jobs.get(outcome.job_id)
        if job is not None and not may_run(job, outcome):
            return None
        await self.record(outcome)
        return self._jobs[outcome.job_id]

    async def record(self, outcome: Outcome) -> None:
        merged = merge(self._jobs.get(outcome.job_id), outcome)
        if merged is not None:
            self._jobs[outcome.job_id] = merged

    async def record_unstarted(self, job: UnstartedJob) -> None:
        known = self._jobs.get(job.job_id)
        merged = merge_unstarted(known, job) if known else first_unstarted(job)
        if merged is not None:
            self._jobs[job.job_id] = merged

    async def heartbeat(self, job_id: str, now: datetime) -> None:
        job = self._jobs.get(job_id)
        if job is not None and job.status is Status.RUNNING:
            self._jobs[job_id] = job.model_copy(update={"heartbeat_time": now})

    async def unfinished(self) -> Sequence[ScheduledJob]:
        jobs = self._with_status(Status.PENDING, Status.RUNNING)
        return [j for j in jobs if j.is_ours]

    async def recent(
        self,
        since: datetime,
        status: Status | None,
        limit: int,
        namespaces: Collection[str] | None = None,
    ) -> Recent:
        chosen = _of(namespaces, self._with_status(*([status] if status else Status)))
        timed = [(j.execution_time, j) for j in chosen if j.execution_time is not None]
        matching = [(time, j) for time, j in timed if time >= since]
        matching.sort(key=lambda pair: (-pair[0].timestamp(), pair[1].id))
        return Recent(tuple(j for _, j in matching[:limit]), len(matching))

    async def newest(self, wanted: JobFilter, limit: int, after: Position | None = None) -> JobPage:
        begin = after or Position()
        ordered = sorted(self._wanted(wanted), key=place_of)
        if begin.execution_time is not None:
            ordered = [job for job in ordered if place_of(job) > place_of(begin)]
        jobs = [job.model_copy(update=_NO_DETAILS) for job in ordered[begin.skip :][:limit]]
        more = len(ordered) > begin.skip + limit
        return JobPage(jobs, (), position_of(jobs[-1]) if more and jobs else None)

    async def total(self, wanted: JobFilter) -> int:
        return len(self._wanted(wanted))

    async def jobs_with_id(self, job_id: str) -> Sequence[ScheduledJob]:
        return [self._jobs[job_id]] if job_id in self._jobs else []

    async def with_record(self, job_ids: Collection[str]) -> Collection[str]:
        return {job_id for job_id in job_ids if job_id in self._jobs}

    async def running(self) -> Mapping[tuple[str, str], int]:
        jobs = self._with_status(Status.RUNNING)
        return Counter((job.namespace, job.job_name) for job in jobs if job.is_ours)

    async def counts(self, namespaces: Collection[str] | None = None) -> Mapping[Status, int]:
        numbers = Counter(job.status for job in _of(namespaces, self._jobs.values()))
        return {status: numbers[status] for status in Status}

    async def claim_all(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        return [await self.claim(outcome) is not None for outcome in outcomes]

    async def record_all(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            await self.record(outcome)

    async def heartbeat_all(self, job_ids: Sequence[str], now: datetime) -> None:
        for job_id in job_ids:
            await self.heartbeat(job_id, now)

    async def record_stretches(self, stretches: Sequence[Stretch]) -> None:
        for stretch in stretches:
            job = stretch_job(stretch)
            existing = self._jobs.setdefault(job.id, job)
            if is_shorter(existing, job):
                changes = {"revision": existing.revision + 1}
                self._jobs[job.id] = job.model_copy(update=changes)

    async def last_instants(
        self, namespace: str, task_ids: Sequence[str], until: datetime
    ) -> Mapping[str, datetime]:
        jobs = [j for j in self._jobs.values() if j.namespace == namespace]
        begun = [j for j in jobs if j.scheduled_time is None or j.scheduled_time <= until]
        return last_instants([j for j in begun if j.job_name in task_ids])

    async def jobs_between(self, instants: InstantRange) -> Sequence[ScheduledJob]:
        task = instants.namespace, instants.task_id
        jobs = [j for j in self._jobs.values() if (j.namespace, j.job_name) == task]
        return by_first_instant(j for j in jobs if is_in_range(j, instants))

    async def summary(self, namespace: str, task_id: str, most: int = MOST) -> TaskSummary:
        task = namespace, task_id
        jobs = [j for j in self._jobs.values() if (j.namespace, j.job_name) == task]
        return summarize(jobs, most)

    async def add_revisions(self, revisions: Sequence[ScheduleRevision]) -> None:
        for revision in revisions:
            self._revisions.setdefault(revision.id, revision)

    async def revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Sequence[ScheduleRevision]:
        stored = [r for r in self._revisions.values() if r.namespace == namespace]
        return by_start([r for r in stored if task_ids is None or r.job_name in task_ids])

    async def last_revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Mapping[str, ScheduleRevision]:
        return {r.job_name: r for r in await self.revisions(namespace, task_ids)}

    async def tasks(self, namespace: str | None = None) -> Sequence[tuple[str, str]]:
        known = {(r.namespace, r.job_name) for r in self._revisions.values()}
        return [task for task in known if namespace in (None, task[0])]

    async def add_takeovers(self, takeovers: Sequence[UnsettledTakeover]) -> None:
        for takeover in takeovers:
            self._takeovers.setdefault(takeover.id, takeover)

    async def takeovers(
        self, namespace: str, task_ids: Sequence[str]
    ) -> Sequence[UnsettledTakeover]:
        stored = [t for t in self._takeovers.values() if t.revision.namespace == namespace]
        return [t for t in stored if t.revision.job_name in task_ids]

    async def remove_takeovers(self, takeovers: Sequence[UnsettledTakeover]) -> None:
        for takeover in takeovers:
            self._takeovers.pop(takeover.id, None)

    async def record_presence(self, presence: SchedulerPresence) -> None:
        self._presences[presence.id] = presence

    async def presences(self, namespace: str) -> Sequence[SchedulerPresence]:
        return [p for p in self._presences.values() if p.namespace == namespace]

    async def remove_presences(self, presences: Sequence[SchedulerPresence]) -> None:
        for presence in presences:
            self._presences.pop(presence.id, None)

    def _wanted(self, wanted: JobFilter) -> list[ScheduledJob]:
        jobs = self._with_status(*([wanted.status] if wanted.status else Status))
        chosen = _of(wanted.namespaces, jobs)
        return [j for j in chosen if j.execution_time and j.execution_time >= wanted.since]

    def _with_status(self, *statuses: Status) -> list[ScheduledJob]:
        return [job for job in self._jobs.values() if job.status in statuses]


def _of(namespaces: Collection[str] | None, jobs: Iterable[ScheduledJob]) -> Sequence[ScheduledJob]:
    return [job for job in jobs if namespaces is None or job.namespace in namespaces]
