"""The history in memory: for tests of what stands on it, and for what need not last."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.history.merge import may_run, merge
from jvscheduler.history.store import Recent
from jvscheduler.outcomes import Outcome, Status


class MemoryHistory:
    def __init__(self) -> None:
        self._jobs: dict[str, ScheduledJob] = {}

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def ping(self) -> None:
        """Always there."""

    async def claim(self, outcome: Outcome) -> bool:
        job = self._jobs.get(outcome.job_id)
        if job is not None and not may_run(job, outcome):
            return False
        await self.record(outcome)
        return True

    async def record(self, outcome: Outcome) -> None:
        merged = merge(self._jobs.get(outcome.job_id), outcome)
        if merged is not None:
            self._jobs[outcome.job_id] = merged

    async def heartbeat(self, job_id: str, now: datetime) -> None:
        job = self._jobs.get(job_id)
        if job is not None and job.status is Status.RUNNING:
            self._jobs[job_id] = job.model_copy(update={"heartbeat_time": now})

    async def active(self, namespace: str, task_id: str) -> Sequence[ScheduledJob]:
        jobs = await self.unfinished()
        return [j for j in jobs if (j.namespace, j.job_name) == (namespace, task_id)]

    async def unfinished(self) -> Sequence[ScheduledJob]:
        jobs = self._with_status(Status.PENDING, Status.RUNNING)
        return [j for j in jobs if j.is_ours]

    async def recent(self, since: datetime, status: Status | None, limit: int) -> Recent:
        chosen = self._with_status(*([status] if status else Status))
        timed = [(j.execution_time, j) for j in chosen if j.execution_time is not None]
        matching = [(time, j) for time, j in timed if time >= since]
        matching.sort(key=lambda pair: (-pair[0].timestamp(), pair[1].id))
        return Recent(tuple(j for _, j in matching[:limit]), len(matching))

    async def counts(self) -> Mapping[Status, int]:
        found = Counter(job.status for job in self._jobs.values())
        return {status: found[status] for status in Status}

    def _with_status(self, *statuses: Status) -> list[ScheduledJob]:
        return [job for job in self._jobs.values() if job.status in statuses]
