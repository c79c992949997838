"""One job from its due instant to its last attempt, as the Job controller does it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Final

from jvscheduler.errors import SchedulerError
from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.history.store import HistoryStore
from jvscheduler.loop.attempts import NAMESPACE, claim_of, new_attempt
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.endings import lacks_retry, silent_attempts
from jvscheduler.loop.launcher import Launcher
from jvscheduler.loop.log import Event, say, say_outcome
from jvscheduler.outcomes import Outcome
from jvscheduler.runner.limit import skipped
from jvscheduler.runner.retries import is_retried, retry_pause
from jvscheduler.tasks import Task

_SETTLE_PAUSE: Final = timedelta(seconds=2)


class Jobs:
    """Runs attempts and sees that each has its record, also when its runner was killed."""

    def __init__(self, store: HistoryStore, launcher: Launcher, clock: Clock) -> None:
        self._store = store
        self._launcher = launcher
        self._clock = clock
        self._unrecorded: list[Outcome] = []
        self._active: dict[str, str] = {}
        """The task's id of each job that this process runs, by the job's name."""

    async def run(
        self, task: Task, name: str, stop: asyncio.Event, attempts: int = 0
    ) -> Outcome | None:
        """All attempts after the first `attempts`; a stop ends it between two.

        What the last one came to; None when another scheduler has the job.
        """
        if self._is_full(task):
            return await self._skip(task, name)
        self._active[name] = task.task_id
        try:
            return await self._attempt(task, name, stop, attempts)
        finally:
            del self._active[name]

    async def _attempt(
        self, task: Task, name: str, stop: asyncio.Event, attempts: int
    ) -> Outcome | None:
        while True:
            say(f"{task.task_id} started{_which(attempts + 1, task)}", Event.STARTED)
            outcome = await self._launcher.run(new_attempt(task, name))
            attempts += 1
            await self._keep(outcome)
            if stop.is_set() or not is_retried(outcome, attempts):
                return outcome
            await self._pause(task, attempts, stop)
            if stop.is_set():
                return outcome

    async def sweep(self) -> list[ScheduledJob]:
        """Record what could not be, close what lost its runner; the jobs left without a retry."""
        await self._record_again()
        jobs = await self._unfinished()
        for job in jobs:
            for outcome in silent_attempts(job, self._clock.now()):
                say_outcome(outcome)
                await self._record(outcome)
        return [job for job in jobs if lacks_retry(job, self._clock.now())]

    async def settle(self, enough: asyncio.Event) -> None:
        """Until the history has every outcome, or `enough`: only this process knows them."""
        while self._unrecorded and not enough.is_set():
            text = f"{len(self._unrecorded)} outcome(s) wait for the history (Ctrl-C gives up)"
            say(text, Event.PROBLEM)
            await self._clock.wait_until(self._clock.now() + _SETTLE_PAUSE, enough)
            await self._record_again()

    async def give_up(self, outcome: Outcome) -> None:
        """No attempt follows this one, whatever the retry count says."""
        await self._record(replace(outcome, is_last=True))

    async def _record_again(self) -> None:
        waiting, self._unrecorded = self._unrecorded, []
        for outcome in waiting:
            await self._record(outcome)

    def _is_full(self, task: Task) -> bool:
        """Jobs that await a retry count too: no other may take their place meanwhile."""
        return list(self._active.values()).count(task.task_id) >= task.max_concurrent

    async def _skip(self, task: Task, name: str) -> Outcome | None:
        now = self._clock.now()
        claim = claim_of(new_attempt(task, name), now)
        try:
            ours = await self._store.claim(claim)
        except SchedulerError:
            ours = True
        outcome = skipped(claim, task.max_concurrent, now) if ours else None
        await self._keep(outcome)
        return outcome

    async def _unfinished(self) -> list[ScheduledJob]:
        try:
            found = await self._store.unfinished()
        except SchedulerError as error:
            say(str(error), Event.PROBLEM)
            return []
        ours = {*self._active, *(outcome.job_name for outcome in self._unrecorded)}
        return [j for j in found if _is_of_dev(j) and j.kubernetes_job not in ours]

    async def _keep(self, outcome: Outcome | None) -> None:
        """The runner has recorded its outcome, unless it could not."""
        if outcome is None:
            return
        say_outcome(outcome)
        if not outcome.recorded:
            await self._record(outcome)

    async def _record(self, outcome: Outcome) -> None:
        try:
            await self._store.record(replace(outcome, recorded=False))
        except SchedulerError as error:
            say(f"{outcome.task_id} is not recorded yet: {error}", Event.PROBLEM)
            self._unrecorded.append(outcome)

    async def _pause(self, task: Task, attempts: int, stop: asyncio.Event) -> None:
        seconds = retry_pause(attempts)
        say(f"{task.task_id} is tried again in {seconds} s", Event.RETRY)
        await self._clock.wait_until(self._clock.now() + timedelta(seconds=seconds), stop)


def _which(attempt: int, task: Task) -> str:
    return f", attempt {attempt} of {task.retry_count + 1}" if task.retry_count else ""


def _is_of_dev(job: ScheduledJob) -> bool:
    """A cluster may have a namespace of that name, but its jobs run on nodes."""
    return job.namespace == NAMESPACE and job.node_name is None
