"""One job from its due instant to its last attempt, as the Job controller and a pod do it.

The child is forked before its job is due and waits at its gate, the claim is made
a moment before: then it is let go and sleeps until the instant, when nobody else
has anything to do.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from jvscheduler import environment
from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.history.slots import SlotRequest
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.definition import Definition
from jvscheduler.loop.endings import lost
from jvscheduler.loop.ledger import Ledger
from jvscheduler.loop.log import Event, say, say_outcome
from jvscheduler.loop.places import Places
from jvscheduler.loop.runs import Runs, WorkerLost
from jvscheduler.names import manual_job_id, scheduled_job_id, scheduled_job_name
from jvscheduler.outcomes import Outcome, Reason, Status, from_json, to_json
from jvscheduler.runner.limit import skipped
from jvscheduler.runner.retries import draw, is_retried, jitter, retry_pause
from jvscheduler.worker.messages import Ended, Start

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
CLAIM_LEAD: Final = timedelta(milliseconds=50)
"""A claim comes this long before its job is due: what is claimed and then dies did not run."""
_SOON: Final = timedelta(seconds=1)
_REPLACE_PAUSE: Final = timedelta(seconds=0.1)
_REPLACE_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Host:
    """Where the loop runs: its name is in the records of what it runs."""

    loop: str
    node: str | None = None


@dataclass(frozen=True)
class Job:
    """`attempts` is how many it has had already, under an earlier loop."""

    definition: Definition
    name: str
    scheduled_time: datetime | None
    attempts: int = 0
    not_before: datetime | None = None

    @property
    def id(self) -> str:
        task, namespace = self.definition.task.task_id, self.definition.namespace
        if self.scheduled_time is None:
            return manual_job_id(namespace, task, self.name)
        return scheduled_job_id(namespace, task, self.scheduled_time)


def due_job(definition: Definition, instant: datetime) -> Job:
    return Job(definition, scheduled_job_name(definition.name, instant), instant)


def unfinished_job(definition: Definition, record: ScheduledJob) -> Job:
    """One that awaits a retry which an earlier loop did not get to make."""
    attempts = len(record.attempts)
    ended = datetime.fromisoformat(record.attempts[-1]["completion_time"])
    pause = timedelta(seconds=retry_pause(attempts))
    name = record.kubernetes_job
    return Job(definition, name, record.scheduled_time, attempts, not_before=ended + pause)


class Execution:
    def __init__(
        self, host: Host, ledger: Ledger, places: Places, runs: Runs, clock: Clock
    ) -> None:
        self._host = host
        self._ledger = ledger
        self._places = places
        self._runs = runs
        self._clock = clock
        self._given_up: dict[str, asyncio.Event] = {}
        """For each job in hand, by its id: set when it makes no further attempt here."""
        self._task_names: dict[str, str] = {}
        self._run_ids: dict[str, str] = {}
        """The attempt that runs, for each job that has one."""

    def has(self, job_id: str) -> bool:
        return job_id in self._given_up

    def job_ids(self) -> Sequence[str]:
        return list(self._given_up)

    def hand_over(self, task_name: str) -> None:
        """Another loop makes the retries of this task from now on."""
        for job_id, name in self._task_names.items():
            if name == task_name:
                self._given_up[job_id].set()

    def give_up(self) -> None:
        """No job makes a further attempt."""
        for given_up in self._given_up.values():
            given_up.set()

    async def run(self, job: Job) -> None:
        """All its attempts, one after the other; it keeps its place between two."""
        if self.has(job.id):
            return
        self._given_up[job.id] = given_up = asyncio.Event()
        self._task_names[job.id] = job.definition.name
        try:
            if job.not_before is not None:
                await self._clock.wait_until(job.not_before, given_up)
            await self._attempts(job, given_up)
        finally:
            del self._given_up[job.id], self._task_names[job.id]
            await self._places.release(job.id)

    async def _attempts(self, job: Job, given_up: asyncio.Event) -> None:
        attempts = job.attempts
        while not given_up.is_set():
            outcome = await self._attempt(job, attempts, given_up)
            attempts += 1
            if outcome is None or not is_retried(outcome, attempts):
                return
            seconds = retry_pause(attempts)
            say(f"{outcome.task_id} is tried again in {seconds} s", Event.RETRY)
            await self._clock.wait_until(self._clock.now() + timedelta(seconds=seconds), given_up)

    async def _attempt(self, job: Job, earlier: int, given_up: asyncio.Event) -> Outcome | None:
        """Its outcome, None when the job is not ours to run, or was given up before its claim."""
        claim = self._claim_of(job)
        run_id = claim.attempt_id
        self._runs.start(_start(job, claim))
        await self._until(job, CLAIM_LEAD, given_up)
        if given_up.is_set() or not await self._ledger.claim(claim):
            self._runs.discard(run_id)
            return None
        if await self._has_place(job):
            start = self._start_time(job)
            await self._hold_back(earlier, claim, given_up)
            outcome = replace(await self._outcome(job, claim), start_time=start)
        else:
            self._runs.discard(run_id)
            outcome = skipped(claim, job.definition.task.max_concurrent, self._clock.now())
        await self._ledger.record(outcome)
        self._runs.done(run_id)
        say_outcome(outcome)
        return outcome

    async def _has_place(self, job: Job) -> bool:
        """What is taken before the job is due may be free when it is."""
        request = _request(job)
        if await self._places.acquire(request):
            return True
        await self._until(job)
        return await self._places.acquire(request) or await self._replace(job, request)

    async def _hold_back(self, earlier: int, claim: Outcome, given_up: asyncio.Event) -> None:
        """As the runner of a pod does before a further attempt."""
        seconds = jitter(earlier, draw(claim.attempt_id))
        await self._clock.wait_until(self._clock.now() + timedelta(seconds=seconds), given_up)

    async def _until(
        self, job: Job, lead: timedelta = timedelta(0), given_up: asyncio.Event | None = None
    ) -> None:
        """The job is due, or will be in `lead`; or as good as due, and the clock was set back."""
        due = job.scheduled_time
        if due is not None and due - self._clock.now() < _SOON:
            await self._clock.wait_until(due - lead, given_up or asyncio.Event())

    async def _outcome(self, job: Job, claim: Outcome) -> Outcome:
        self._run_ids[job.id] = claim.attempt_id
        try:
            return outcome_of(await self._runs.go(claim.attempt_id, self._ahead(job)))
        except WorkerLost as error:
            return lost(claim, self._clock.now(), str(error))
        finally:
            del self._run_ids[job.id]

    async def _replace(self, job: Job, request: SlotRequest) -> bool:
        """Ends the oldest of this loop's jobs of the task, if it may, and takes its place."""
        holders = self._places.holders(request.namespace, request.task_id)
        oldest = next((h for h in holders if h in self._run_ids), None)
        if not job.definition.replaces or oldest is None:
            return False
        self._runs.stop(self._run_ids[oldest], Reason.REPLACED)
        end = self._clock.now() + timedelta(seconds=_REPLACE_SECONDS)
        while self._clock.now() < end:
            await self._clock.wait_until(self._clock.now() + _REPLACE_PAUSE, asyncio.Event())
            if await self._places.acquire(request):
                return True
        return False

    def _ahead(self, job: Job) -> float:
        """Seconds until it is due; none when the clock was set back, as in `_until`."""
        ahead = (job.scheduled_time or _NEVER) - self._clock.now()
        return ahead.total_seconds() if timedelta(0) < ahead < _SOON else 0.0

    def _start_time(self, job: Job) -> datetime:
        """Now, or when it is due: what is done before then is not the task's."""
        return max(self._clock.now(), job.scheduled_time or _NEVER)

    def _claim_of(self, job: Job) -> Outcome:
        task = job.definition.task
        return Outcome(
            job_id=job.id,
            task_id=task.task_id,
            namespace=job.definition.namespace,
            job_name=job.name,
            attempt_id=f"{job.name}-{secrets.token_hex(4)}",
            status=Status.RUNNING,
            scheduled_time=job.scheduled_time,
            start_time=self._start_time(job),
            retry_count=task.retry_count,
            node_name=self._host.node,
            loop=self._host.loop,
        )


def outcome_of(ended: Ended) -> Outcome:
    """Also for a run of an earlier loop: its claim comes back with its end."""
    return replace(
        from_json(ended.claim),
        status=Status(ended.status),
        reason=ended.reason,
        error_message=ended.error_message,
        traceback=ended.traceback,
        result=ended.result,
        cpu_seconds=ended.cpu_seconds,
        peak_memory_bytes=ended.peak_memory_bytes,
        log_tail=ended.log_tail or None,
        completion_time=datetime.fromtimestamp(ended.ended_at, tz=UTC),
    )


def _start(job: Job, claim: Outcome) -> Start:
    task = job.definition.task
    return Start(
        run_id=claim.attempt_id,
        entrypoint=task.entrypoint,
        timeout_seconds=task.timeout_seconds,
        environ=_environ(job, claim),
        claim=to_json(claim),
    )


def _environ(job: Job, claim: Outcome) -> Mapping[str, str]:
    """What a pod of the task would have."""
    values: dict[str, Any] = {
        environment.TASK_ID: claim.task_id,
        environment.TASK_NAME: job.definition.name,
        environment.ENTRYPOINT: job.definition.task.entrypoint,
        environment.NAMESPACE: claim.namespace,
        environment.JOB_NAME: job.name,
        environment.POD_NAME: claim.attempt_id,
        environment.NODE_NAME: claim.node_name or "",
    }
    return {name: str(value) for name, value in values.items()}


def _request(job: Job) -> SlotRequest:
    definition = job.definition
    limit = definition.task.max_concurrent
    return SlotRequest(definition.namespace, definition.task.task_id, limit, holder=job.id)
