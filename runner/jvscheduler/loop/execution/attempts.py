"""One job from its due instant to its last attempt, as the Job controller and a pod do it.

The child is forked before its job is due and waits at its gate, the claim is made
a moment before: then it is let go and sleeps until the instant, when nobody else
has anything to do.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.attempt.limits import skipped
from jvscheduler.attempt.retries import draw, is_retried, jitter, retry_pause
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.execution.jobs import Job, start_order
from jvscheduler.loop.execution.outcomes import lost, outcome_of_end
from jvscheduler.loop.execution.slots import ConcurrencySlots
from jvscheduler.loop.log import Event, say, say_outcome
from jvscheduler.loop.recording.recorder import Recorder
from jvscheduler.loop.worker_link.inherited_runs import InheritedRuns
from jvscheduler.loop.worker_link.runs import Runs, WorkerLost
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler.worker.messages import Start

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
CLAIM_LEAD: Final = timedelta(milliseconds=50)
"""A claim comes this long before its job is due: what is claimed and then dies did not run."""
_SOON: Final = timedelta(seconds=1)
_REPLACE_PAUSE: Final = timedelta(seconds=0.1)
_REPLACE_LOOKS: Final = 300


@dataclass
class _Hand:
    """A job in hand. `given_up` is set when it makes no further attempt here."""

    task_name: str
    owed: bool
    """Its instant has no record yet, and nobody else's would be for it."""
    handed_over: bool = False
    given_up: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class LoopIdentity:
    """Where the loop runs: its name is in the records of what it runs."""

    loop: str
    node: str | None = None


def ignored(_: Outcome) -> None:
    """Nobody counts attempts."""


class Execution:
    """`on_attempt` is told each attempt when it begins, and what came of it."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that a job meets
        self,
        identity: LoopIdentity,
        recorder: Recorder,
        slots: ConcurrencySlots,
        runs: Runs,
        inherited: InheritedRuns,
        clock: Clock,
        *,
        on_attempt: Callable[[Outcome], None] = ignored,
    ) -> None:
        self._identity = identity
        self._recorder = recorder
        self._slots = slots
        self._runs = runs
        self._inherited = inherited
        self._clock = clock
        self._on_attempt = on_attempt
        self._hands: dict[str, _Hand] = {}
        """By the job's id."""
        self._run_ids: dict[str, str] = {}
        """The attempt that runs, for each job that has one."""

    def has(self, job_id: str) -> bool:
        return job_id in self._hands

    def job_ids(self) -> Sequence[str]:
        return list(self._hands)

    def hand_over(self, task_name: str) -> None:
        """Another loop makes the retries of this task from now on; what is in hand and has come due
        under the definition that it had here is still claimed."""
        for hand in self._hands.values():
            if hand.task_name == task_name:
                hand.handed_over = True
                if not hand.owed:
                    hand.given_up.set()

    def give_up(self) -> None:
        """No job makes a further attempt; an instant without a record is the next loop's, if there
        will be one."""
        for hand in self._hands.values():
            if not (hand.owed and hand.handed_over):
                hand.given_up.set()

    async def run(self, job: Job) -> Outcome | None:
        """All its attempts, one after the other; it keeps its place between two.

        What the last one came to; None when there was none here.
        """
        if self.has(job.id):
            return None
        owed = job.scheduled_time is not None and not job.attempts
        self._hands[job.id] = hand = _Hand(job.definition.name, owed)
        try:
            if job.not_before is not None:
                await self._clock.wait_until(job.not_before, hand.given_up)
            return await self._attempts(job, hand)
        finally:
            del self._hands[job.id]
            await self._slots.release(_request(job))

    async def _attempts(self, job: Job, hand: _Hand) -> Outcome | None:
        attempts, last = job.attempts, None
        while not hand.given_up.is_set():
            outcome = await self._attempt(job, attempts, hand)
            attempts += 1
            if outcome is None:
                return last
            last = outcome
            if not is_retried(outcome, attempts):
                return last
            await self._pause(outcome, attempts, hand.given_up)
        return last

    async def _pause(self, outcome: Outcome, attempts: int, given_up: asyncio.Event) -> None:
        if given_up.is_set():
            return
        seconds = retry_pause(attempts)
        say(f"{outcome.task_id} is tried again in {seconds} s", Event.RETRY)
        await self._clock.pause(timedelta(seconds=seconds), given_up)

    async def _attempt(self, job: Job, earlier: int, hand: _Hand) -> Outcome | None:
        """Its outcome, None when the job is not ours to run, or was given up before its claim."""
        claim = self._claim_of(job)
        run_id, order = claim.attempt_id, start_order(job, claim)
        self._prepare(job, order)
        await self._until(job, CLAIM_LEAD, hand.given_up)
        self._prepare(job, order)
        if hand.given_up.is_set() or not await self._claim(claim, hand):
            self._runs.discard(run_id)
            return None
        if await self._has_place(job):
            self._runs.start(order)
            outcome = await self._admitted(job, claim, earlier, hand.given_up)
        else:
            self._runs.discard(run_id)
            await self._tell_due(job, earlier)
            outcome = skipped(claim, job.definition.task.max_concurrent, self._clock.now())
        await self._recorder.record(outcome)
        self._runs.finish(run_id)
        self._on_attempt(outcome)
        say_outcome(outcome)
        return outcome

    def _prepare(self, job: Job, order: Start) -> None:
        """What finds no place shall cost no process, above all when there is too much to do."""
        if self._slots.has_room(_request(job)):
            self._runs.start(order)

    async def _claim(self, claim: Outcome, hand: _Hand) -> bool:
        claimed = await self._recorder.claim(claim)
        hand.owed = False
        if hand.handed_over:
            hand.given_up.set()
        return claimed

    async def _admitted(
        self, job: Job, claim: Outcome, earlier: int, given_up: asyncio.Event
    ) -> Outcome:
        """Let go ahead of its time, to begin by itself when it is due. A further attempt's time is
        also what it held back, as in a pod."""
        await self._hold_back(earlier, claim, given_up)
        outcome = asyncio.create_task(self._outcome(job, claim))
        await self._tell_due(job, earlier)
        say(f"{claim.task_id} started{_which(earlier + 1, claim)}", Event.STARTED)
        self._on_attempt(claim)
        ended = await outcome
        return replace(ended, start_time=claim.start_time) if earlier else ended

    async def _tell_due(self, job: Job, earlier: int) -> None:
        await self._until(job)
        if job.scheduled_time is not None and not earlier:
            say(f"{job.definition.task.task_id} is due", Event.DUE)

    async def _has_place(self, job: Job) -> bool:
        """What is taken before the job is due may be free when it is."""
        request = _request(job)
        if await self._slots.acquire(request):
            return True
        await self._until(job)
        return await self._slots.acquire(request) or await self._replace(job, request)

    async def _hold_back(self, earlier: int, claim: Outcome, given_up: asyncio.Event) -> None:
        """As the runner of a pod does before a further attempt."""
        seconds = jitter(earlier, draw(claim.attempt_id))
        await self._clock.pause(timedelta(seconds=seconds), given_up)

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
            return outcome_of_end(claim, await self._runs.go(claim.attempt_id, self._ahead(job)))
        except WorkerLost as error:
            return lost(claim, self._clock.now(), str(error))
        finally:
            del self._run_ids[job.id]

    async def _replace(self, job: Job, request: SlotRequest) -> bool:
        """Ends the oldest job of the task that the worker has, if it may, and takes its place."""
        holders = self._slots.holders(request.task)
        oldest = next((run for run in map(self._run_of, holders) if run), None)
        if not job.definition.replaces or oldest is None:
            return False
        self._runs.stop(oldest, Reason.REPLACED)
        for _ in range(_REPLACE_LOOKS):
            await self._clock.pause(_REPLACE_PAUSE, asyncio.Event())
            if await self._slots.acquire(request):
                return True
        return False

    def _run_of(self, job_id: str) -> str | None:
        return self._run_ids.get(job_id) or self._inherited.run_of(job_id)

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
            node_name=self._identity.node,
            loop=self._identity.loop,
        )


def _which(attempt: int, claim: Outcome) -> str:
    return f", attempt {attempt} of {claim.retry_count + 1}" if claim.retry_count else ""


def _request(job: Job) -> SlotRequest:
    definition = job.definition
    limit = definition.task.max_concurrent
    return SlotRequest(definition.namespace, definition.task.task_id, limit, holder=job.id)
