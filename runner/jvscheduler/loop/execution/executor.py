"""Runs jobs. A job is a sequence of attempts, and no job runs twice at the same time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from jvscheduler.attempt.retries import draw, is_retried, jitter, retry_pause
from jvscheduler.loop.execution.attempt import AttemptExecution
from jvscheduler.loop.execution.jobs import Job, new_attempt_id
from jvscheduler.loop.execution.ownership import Ownership
from jvscheduler.loop.execution.services import Services
from jvscheduler.loop.log import Event, job_label, say
from jvscheduler.loop.recording.write_order import Turn
from jvscheduler.loop.worker_link.inherited_attempts import InheritedAttempts
from jvscheduler.outcomes import Outcome


class JobExecution:
    """A job as a sequence of attempts. It keeps its slot between two of them."""

    def __init__(self, services: Services, job: Job, turn: Turn) -> None:
        self._services = services
        self._job = job
        # A manual job is no due instant, and a retry's instant has its record already.
        needs_claim = job.scheduled_time is not None and not job.attempts
        self.ownership = Ownership(turn, needs_claim=needs_claim)

    @property
    def task_name(self) -> str:
        return self._job.definition.name

    async def run(self) -> Outcome | None:
        """The outcome of the last attempt. None: there was none here."""
        given_up, job = self.ownership.given_up, self._job
        last: Outcome | None = None
        if job.not_before is not None:
            await self._services.clock.wait_until(job.not_before, given_up)
        attempt_id = new_attempt_id(job)
        while not given_up.is_set():
            outcome = await AttemptExecution(self._services, job, attempt_id, self.ownership).run()
            if outcome is None:
                break
            last, attempts = outcome, job.attempts + 1
            if not is_retried(outcome, attempts):
                break
            job = replace(job, attempts=attempts, last_end=outcome.completion_time)
            attempt_id = new_attempt_id(job)
            await self._pause(attempts, attempt_id)
        return last

    async def _pause(self, attempts: int, next_attempt_id: str) -> None:
        if self.ownership.given_up.is_set():
            return
        delay = self._job.definition.task.retry_delay_seconds
        seconds = retry_pause(attempts, delay)
        # The next attempt delays its start by a random time, after it has claimed the job.
        whole = seconds + jitter(attempts, draw(next_attempt_id), delay)
        label = job_label(self._job.definition.task.task_id, self._job.scheduled_time)
        say(f"{label} is tried again in {whole:.1f} s", Event.RETRY)
        await self._services.clock.pause(timedelta(seconds=seconds), self.ownership.given_up)


class Executor:
    def __init__(self, services: Services, inherited: InheritedAttempts) -> None:
        self._services = services
        self._inherited = inherited
        self._executions: dict[str, JobExecution] = {}
        """By the job's id."""

    def is_active(self, job_id: str) -> bool:
        """True for a job that runs here, waits for its retry here, or was inherited."""
        return job_id in self._executions or self._inherited.attempt_of(job_id) is not None

    def active_job_ids(self) -> Sequence[str]:
        return [*self._executions, *self._inherited.job_ids()]

    def hand_over(self, task_name: str, *, deleted: bool) -> None:
        """Another loop serves this task from now on, or none when it was deleted."""
        for execution in self._executions.values():
            if execution.task_name == task_name:
                execution.ownership.hand_over(deleted=deleted)

    def give_up(self) -> None:
        """The loop ends: no job makes a further attempt."""
        for execution in self._executions.values():
            execution.ownership.give_up()

    async def run(self, job: Job, turn: Turn | None = None) -> Outcome | None:
        """The outcome of the job's last attempt. None: it had none here, or it runs already.

        `turn`: when its due instant may be claimed. None: at any time.
        """
        turn = turn or Turn()
        if job.id in self._executions:
            turn.end()
            return None
        self._executions[job.id] = execution = JobExecution(self._services, job, turn)
        try:
            return await execution.run()
        finally:
            turn.end()
            del self._executions[job.id]
            await self._services.slots.release(job.slot)
