"""The loop: has each task's jobs run when they are due; no instant goes without an account.

It serves a task from the moment that it is told of it. What was due before, under
an earlier loop or none, is settled beside (`takeovers`): a history that is down
delays no task. Where the history has an account of later instants than its clock,
which was set back then, those are not due again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.due_instants.decide import Decision
from jvscheduler.due_instants.definition import Definition, decides_alike, removed, revision_of
from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.background import Background
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.execution.attempts import Execution, LoopIdentity, ignored
from jvscheduler.loop.execution.jobs import Job, due_job, manual_job, unfinished_job
from jvscheduler.loop.execution.outcomes import silent_attempts
from jvscheduler.loop.execution.slots import ConcurrencySlots
from jvscheduler.loop.execution.worker_listener import WorkerListener
from jvscheduler.loop.log import Event, say, say_outcome
from jvscheduler.loop.recording.guarded_history import GuardedHistory
from jvscheduler.loop.recording.recorder import Recorder
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.replay import Replay
from jvscheduler.loop.scheduling.served_tasks import ServedTasks
from jvscheduler.loop.takeover.spooled import SpooledTakeovers
from jvscheduler.loop.takeover.takeovers import Takeovers
from jvscheduler.loop.worker_link.inherited_runs import InheritedRuns
from jvscheduler.loop.worker_link.runs import Runs, Worker
from jvscheduler.outcomes import Outcome, Reason, Status

LEAD: Final = timedelta(milliseconds=500)
"""So long before it is due a job's child is forked: a burst of jobs is then only let go."""
HEARTBEAT: Final = timedelta(seconds=10)
_LOOK_BACK: Final = timedelta(seconds=5)
"""So long what is due waits for what the history knows of earlier loops."""
_SETTLE_PAUSE: Final = timedelta(seconds=2)
_SWEEP: Final = timedelta(seconds=15)


class Loop:
    def __init__(  # noqa: PLR0913 - its parts
        self,
        identity: LoopIdentity,
        store: LoopStore,
        spool: Spool,
        worker: Worker,
        clock: Clock,
        *,
        on_attempt: Callable[[Outcome], None] = ignored,
    ) -> None:
        self._store = store
        self._clock = clock
        self._history = GuardedHistory(store, clock, is_away=not spool.is_empty)
        self._recorder = Recorder(self._history, spool)
        self._inherited = InheritedRuns()
        self._slots = ConcurrencySlots(self._history, self._inherited, clock)
        self._runs = runs = Runs(worker, self._inherited)
        self.worker_listener: Final = WorkerListener(
            runs, self._inherited, self._recorder, self._slots
        )
        self._execution = Execution(
            identity,
            self._recorder,
            self._slots,
            runs,
            self._inherited,
            clock,
            on_attempt=on_attempt,
        )
        self._served = ServedTasks()
        self._jobs, self._work = Background(), Background()
        self._spooled = SpooledTakeovers(spool)
        self._replay = Replay(self._history, spool, self._slots, self._spooled, clock)
        self._takeovers = Takeovers(
            self._history,
            self._recorder,
            self._spooled,
            self._served,
            clock,
            work=self._work,
            act=self._act,
        )
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()

    async def open(self) -> None:
        """The history; where it does not answer, begin without it."""
        try:
            await self._history.answer(self._store.ping())
            await self._store.open()
        except HistoryUnavailable as error:
            self._history.set_away(error)

    def put(self, definition: Definition) -> None:
        """Serve the task as this says, from now on; a loop that has been told to stop leaves what
        changes to the next."""
        if self._stopping.is_set():
            return
        now = self._clock.now()
        before = self._served.get(definition.name)
        if before is None and not self._takeovers.has(definition.name):
            self._takeovers.begin(definition, self._served.put(definition, now))
        elif before and decides_alike(revision_of(before, now), revision_of(definition, now)):
            self._served.exchange(definition)
        else:
            if before is not None:
                self._look(definition.name, now)
            since = self._served.put(definition, now)
            self._revise(definition.name, revision_of(definition, since))
        self._wake.set()

    def remove(self, name: str, *, handed_over: bool) -> None:
        """Serve it no longer: another loop or a CronJob does, or the task is no more."""
        definition = self._served.get(name)
        if definition is None or self._stopping.is_set():
            return
        self._look(name, self._clock.now())
        until = self._served.remove(name)
        self._execution.hand_over(name)
        if handed_over:
            self._takeovers.leave(name)
        else:
            self._revise(name, removed(definition, until))

    def _revise(self, name: str, revision: ScheduleRevision) -> None:
        self._takeovers.revised(name, revision)
        self._work.start(self._recorder.add_revision(revision))

    async def run_now(self, definition: Definition) -> Outcome | None:
        """A manual job of a task that need not be served: what its last attempt came to.

        None when it had none. Stopped, it awaits no further one.
        """
        return await self._jobs.start(self._run_manual(manual_job(definition)))

    async def _run_manual(self, job: Job) -> Outcome | None:
        outcome = await self._execution.run(job)
        if outcome is not None and self._stopping.is_set():
            await self._recorder.record(replace(outcome, is_last=True))
        return outcome

    async def run(self, stop: asyncio.Event, grace: timedelta) -> None:
        """Until the stop; then what runs has `grace` to end by itself, and is ended."""
        for work in (
            self._relay(stop),
            self._replay.run(self._ended),
            self._beat(),
            self._takeovers.settle(self._stopping),
            self._regularly(self._resume, _SWEEP),
        ):
            self._work.start(work)
        await self._schedule()
        await self._finish(grace)

    async def _relay(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping.set()
        self._takeovers.looked_back.set()
        self._wake.set()

    async def _schedule(self) -> None:
        await self._clock.pause(_LOOK_BACK, self._takeovers.looked_back)
        horizon = self._clock.now()
        while not self._stopping.is_set():
            self._wake.clear()
            due = self._served.next()
            await self._clock.wait_until(due and due - LEAD, self._wake)
            horizon = max(horizon, self._clock.now() + LEAD)
            for name in self._served.take_due(horizon):
                self._look(name, horizon)

    def _look(self, name: str, now: datetime) -> None:
        found = self._served.account(name, now)
        definition = self._served.get(name)
        if definition is not None:
            self._act(definition, found)

    def _act(self, definition: Definition, found: Decision) -> asyncio.Task[None] | None:
        """The writing of its stretches, if it has any."""
        if found.start is not None:
            self._begin(due_job(definition, found.start))
        for stretch in found.stretches:
            told = (
                f"{stretch.task_id} {stretch.status} {stretch.count} instant(s): {stretch.message}"
            )
            say(told, stretch.status)
        return (
            self._work.start(self._recorder.record_stretches(found.stretches))
            if found.stretches
            else None
        )

    def _begin(self, job: Job) -> None:
        self._jobs.start(self._execution.run(job))

    async def _regularly(self, act: Callable[[], Awaitable[None]], pause: timedelta) -> None:
        while not self._stopping.is_set():
            await self._work.run(self._history.if_available(act))
            await self._clock.pause(pause, self._stopping)

    async def _resume(self) -> None:
        """Jobs that an earlier loop has left: those that await a retry, those that fell silent."""
        if not self._history.is_complete:
            return
        now = self._clock.now()
        for job in await self._store.unfinished():
            in_hand = self._execution.has(job.id) or job.id in self._inherited.job_ids()
            if job.loop is None or in_hand:
                continue
            definition = self._served.of_task(job.namespace, job.job_name)
            if definition is None:
                continue
            for outcome in silent_attempts(job, now):
                await self._recorder.record(outcome)
                say_outcome(outcome)
            if job.status is Status.PENDING:
                self._begin(unfinished_job(definition, job))

    async def _beat(self) -> None:
        while not self._ended.is_set():
            await self._clock.pause(HEARTBEAT, self._ended)
            await self._work.run(self._history.if_available(self._heartbeat))

    async def _heartbeat(self) -> None:
        jobs = [*self._execution.job_ids(), *self._inherited.job_ids()]
        await self._store.heartbeat_all(jobs, self._clock.now())
        await self._slots.extend()

    async def _finish(self, grace: timedelta) -> None:
        """Runs end by themselves, or are told to; then their records are safe."""
        self._execution.give_up()
        await self._jobs.wait_at_most(grace.total_seconds())
        self._runs.stop_all(Reason.TERMINATED)
        await self._jobs.wait()
        self._ended.set()
        await self._work.wait()
        await self._replay.replay()

    async def settle(self, enough: asyncio.Event, otherwise: str) -> None:
        """After `run`: until the history has everything, or `enough`; then the spool keeps it.

        `otherwise` says what becomes of the rest.
        """
        while not self._replay.is_done and not enough.is_set():
            say(f"outcomes on disk wait for the history ({otherwise})", Event.PROBLEM)
            await self._clock.pause(_SETTLE_PAUSE, enough)
            if self._history.is_complete:
                self._spooled.hand_over_all()
            await self._replay.replay()
