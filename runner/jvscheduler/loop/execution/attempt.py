"""One attempt of a job: prepare → claim → admit → run → record.

The child is forked before the job is due, and waits at its gate. A moment before the due
instant the job is claimed and the child is let go. It sleeps until the instant by itself: when
many jobs are due at once, none of them waits for the loop.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.attempt.limits import skipped
from jvscheduler.attempt.retries import draw, jitter
from jvscheduler.loop.execution.jobs import Job, claim_of, start_order
from jvscheduler.loop.execution.outcomes import lost, outcome_of_end
from jvscheduler.loop.execution.ownership import Ownership
from jvscheduler.loop.execution.services import Services
from jvscheduler.loop.log import Event, context_of, job_label, say, say_outcome
from jvscheduler.loop.worker_link.attempts import WorkerLost
from jvscheduler.outcomes import Outcome, Reason

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_NOW: Final = timedelta(0)
CLAIM_LEAD: Final = timedelta(milliseconds=50)
"""How long before the due instant the job is claimed. If the loop is killed between the two, the
record says that the job runs, though it never began. So the time is short."""
_SOON: Final = timedelta(seconds=1)
"""A job is prepared at most half a second before it is due. If its due instant is further ahead
than this, the clock was set back meanwhile: the job does not wait for the instant again."""
_REPLACE_PAUSE: Final = timedelta(seconds=0.1)
_REPLACE_LOOKS: Final = 300
"""A replaced job has this many pauses to end: 30 s. After that the new job is skipped."""


class AttemptExecution:
    def __init__(self, services: Services, job: Job, attempt_id: str, ownership: Ownership) -> None:
        self._clock = services.clock
        self._recorder = services.recorder
        self._attempts = services.attempts
        self._slots = services.slots
        self._on_attempt = services.on_attempt
        self._job = job
        self._replaces = job.definition.task.concurrency_policy == "Replace"
        self._number = job.attempts + 1
        self._ownership = ownership
        # The attempt is prepared before the due instant. That time is not the task's own.
        earliest = max(job.scheduled_time or _NEVER, job.last_end or _NEVER)
        start_time = max(self._clock.now(), earliest)
        identity = services.identity
        self._claim = claim_of(job, attempt_id, start_time, identity.loop, identity.node)
        self._order = start_order(job, self._claim)
        self._label = job_label(self._claim.task_id, job.scheduled_time)

    async def run(self) -> Outcome | None:
        """The outcome. None: another process has the job, or it was given up before its claim."""
        await self._prepare()
        if not await self._claim_job():
            self._attempts.discard(self._claim.attempt_id)
            return None
        outcome = await self._run() if await self._admit() else await self._skip()
        await self._record(outcome)
        return outcome

    async def _prepare(self) -> None:
        """Fork the child, and wait until the job is to be claimed."""
        self._start_child_if_room()
        await self._wait_until_due(CLAIM_LEAD, self._ownership.given_up)
        # A slot may have become free meanwhile.
        self._start_child_if_room()

    async def _claim_job(self) -> bool:
        """True when the attempt may run."""
        if not await self._ownership.may_claim():
            return False
        claimed = await self._recorder.claim(self._claim)
        self._ownership.on_claim()
        return claimed

    async def _admit(self) -> bool:
        """True when the job has a slot."""
        if await self._slots.acquire(self._job.slot):
            return True
        # A slot that is in use a moment before the due instant may be free at the instant.
        await self._wait_until_due()
        return await self._slots.acquire(self._job.slot) or await self._replace_oldest()

    async def _run(self) -> Outcome:
        self._attempts.start(self._order)
        await self._wait_for_jitter()
        running = asyncio.create_task(self._let_go())
        await self._announce_due()
        about = context_of(self._claim)
        say(f"{self._label} {self._begins()}{self._which()}", Event.STARTED, about)
        self._on_attempt(self._claim)
        if not self._replaces:
            return await running
        giving_way = asyncio.create_task(self._give_way())
        try:
            return await running
        finally:
            giving_way.cancel()

    async def _skip(self) -> Outcome:
        self._attempts.discard(self._claim.attempt_id)
        await self._announce_due()
        return skipped(self._claim, self._job.slot.limit, self._clock.now())

    async def _record(self, outcome: Outcome) -> None:
        await self._recorder.record(outcome)
        # Only now may the worker forget the attempt. If the loop is killed before, the worker
        # reports the end to the next loop, which records it.
        self._attempts.finish(self._claim.attempt_id)
        self._on_attempt(outcome)
        say_outcome(outcome)

    def _start_child_if_room(self) -> None:
        # A job that is going to be skipped must cost no process, above all when the machine
        # has too much to do already.
        if self._slots.has_room(self._job.slot):
            self._attempts.start(self._order)

    async def _let_go(self) -> Outcome:
        attempt_id = self._claim.attempt_id
        try:
            ended = await self._attempts.go(attempt_id, self._job.id, self._seconds_until_due())
        except WorkerLost as error:
            return lost(self._claim, self._clock.now(), str(error))
        try:
            return outcome_of_end(self._claim, ended)
        except ValueError as error:
            # Without this its job would be `running`, with its slot, until it is taken for silent.
            say(f"{self._label}: its end cannot be read: {error}", Event.PROBLEM)
            text = "the task's outcome is unknown: its worker's report of the end cannot be read"
            return replace(lost(self._claim, self._clock.now(), ""), error_message=text)

    async def _wait_for_jitter(self) -> None:
        """Wait for a further attempt's random delay, as the runner in a pod does."""
        delay = self._job.definition.task.retry_delay_seconds
        seconds = jitter(self._number - 1, draw(self._claim.attempt_id), delay)
        await self._clock.pause(timedelta(seconds=seconds), self._ownership.given_up)

    async def _replace_oldest(self) -> bool:
        """End the task's oldest job, if the task replaces. True when this job has its slot."""
        holders = self._slots.holders(self._job.slot.task)
        oldest = next((a for a in map(self._attempts.attempt_of, holders) if a), None)
        if not self._replaces:
            return False
        # Without one, the slot's holder is a job of a former loop, which ends it itself.
        if oldest is not None:
            self._attempts.stop(oldest, Reason.REPLACED)
        for _ in range(_REPLACE_LOOKS):
            await self._clock.pause(_REPLACE_PAUSE, asyncio.Event())
            if await self._slots.acquire(self._job.slot):
                return True
        return False

    async def _give_way(self) -> None:
        """End this job of a replacing task when another loop needs its slot."""
        await self._ownership.succeeded.wait()
        slot, holders = self._job.slot, [""]
        # The other loop cannot end a job of this one. So this one ends it when the other has a
        # job due, as the other would do with a job of its own.
        while len(holders) < slot.limit or holders[0] != slot.holder:
            instant = self._job.definition.task.schedule.next(self._clock.now())
            await self._clock.wait_until(instant, asyncio.Event())
            holders = list(self._slots.holders(slot.task))
        self._attempts.stop(self._claim.attempt_id, Reason.REPLACED)

    async def _announce_due(self) -> None:
        await self._wait_until_due()
        if self._job.scheduled_time is not None and self._number == 1:
            say(f"{self._label} is due", Event.DUE, context_of(self._claim))

    async def _wait_until_due(
        self, lead: timedelta = _NOW, stop: asyncio.Event | None = None
    ) -> None:
        """Returns `lead` before the job is due, or at the stop."""
        due = self._job.scheduled_time
        if due is not None and due - self._clock.now() < _SOON:
            await self._clock.wait_until(due - lead, stop or asyncio.Event())

    def _seconds_until_due(self) -> float:
        ahead = (self._job.scheduled_time or _NEVER) - self._clock.now()
        if ahead >= _SOON:
            return 0.0
        # The job is claimed when it is due. Its child sleeps for the jitter by itself, so that the
        # loop may end meanwhile.
        return max((ahead + self._job.start_delay).total_seconds(), 0.0)

    def _begins(self) -> str:
        delay = self._job.start_delay.total_seconds()
        return f"starts {delay:.1f} s after it was due (jitter)" if delay else "started"

    def _which(self) -> str:
        retries = self._claim.retry_count
        return f", attempt {self._number} of {retries + 1}" if retries else ""
