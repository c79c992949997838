"""One job from its due instant to its last attempt, as the Job controller does it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from jvscheduler.errors import SchedulerError
from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.history.store import HistoryStore
from jvscheduler.loop.attempts import NAMESPACE, claim_of, new_attempt
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.endings import is_retried, silent_attempts
from jvscheduler.loop.launcher import Launcher
from jvscheduler.loop.log import say
from jvscheduler.outcomes import Outcome, Reason
from jvscheduler.runner.limit import skipped
from jvscheduler.runner.retries import retry_pause
from jvscheduler.tasks import Task


class Jobs:
    """Runs attempts and sees that each has its record, also when its runner was killed."""

    def __init__(self, store: HistoryStore, launcher: Launcher, clock: Clock) -> None:
        self._store = store
        self._launcher = launcher
        self._clock = clock
        self._unrecorded: list[Outcome] = []
        self._active: dict[str, str] = {}
        """The task's id of each job that this process runs, by the job's name."""

    async def run(self, task: Task, name: str, stop: asyncio.Event, attempts: int = 0) -> None:
        """All attempts after the first `attempts`; a stop ends it between two."""
        if self._is_full(task):
            await self._skip(task, name)
            return
        self._active[name] = task.task_id
        try:
            await self._attempt(task, name, stop, attempts)
        finally:
            del self._active[name]

    async def _attempt(self, task: Task, name: str, stop: asyncio.Event, attempts: int) -> None:
        while not stop.is_set():
            outcome = await self._launcher.run(new_attempt(task, name))
            attempts += 1
            await self._keep(outcome)
            if not is_retried(outcome, attempts):
                return
            await self._pause(task, attempts, stop)

    async def sweep(self) -> list[ScheduledJob]:
        """Record what could not be, close what lost its runner; the jobs that await a retry."""
        waiting, self._unrecorded = self._unrecorded, []
        for outcome in waiting:
            await self._record(outcome)
        jobs = await self._unfinished()
        for job in jobs:
            for outcome in silent_attempts(job, self._clock.now()):
                say(f"{job.job_name}: {outcome.error_message}")
                await self._record(outcome)
        return jobs

    def _is_full(self, task: Task) -> bool:
        """Jobs that await a retry count too: no other may take their place meanwhile."""
        return list(self._active.values()).count(task.task_id) >= task.max_concurrent

    async def _skip(self, task: Task, name: str) -> None:
        now = self._clock.now()
        claim = claim_of(new_attempt(task, name), now)
        try:
            ours = await self._store.claim(claim)
        except SchedulerError:
            ours = True
        await self._keep(skipped(claim, task.max_concurrent, now) if ours else None)

    async def _unfinished(self) -> list[ScheduledJob]:
        try:
            found = await self._store.unfinished()
        except SchedulerError as error:
            say(str(error))
            return []
        return [j for j in found if _is_of_dev(j) and j.kubernetes_job not in self._active]

    async def _keep(self, outcome: Outcome | None) -> None:
        """The runner has told and recorded its outcome, unless it could not."""
        if outcome is None or outcome.recorded:
            return
        if outcome.reason in (Reason.RUNNER_LOST, Reason.CONCURRENCY_LIMIT):
            say(f"{outcome.task_id} {outcome.status}: {outcome.error_message}")
        await self._record(outcome)

    async def _record(self, outcome: Outcome) -> None:
        try:
            await self._store.record(replace(outcome, recorded=False))
        except SchedulerError as error:
            say(f"{outcome.task_id} is not recorded yet: {error}")
            self._unrecorded.append(outcome)

    async def _pause(self, task: Task, attempts: int, stop: asyncio.Event) -> None:
        seconds = retry_pause(attempts)
        say(f"{task.task_id} is tried again in {seconds} s")
        await self._clock.wait_until(self._clock.now() + timedelta(seconds=seconds), stop)


def _is_of_dev(job: ScheduledJob) -> bool:
    """A cluster may have a namespace of that name, but its jobs run on nodes."""
    return job.namespace == NAMESPACE and job.node_name is None
