"""The loop: runs each task's jobs when they are due. Every due instant gets its record.

A loop decides what comes due from the moment at which it gets a task. Earlier
instants are settled by `takeover` at the same time: a history that is down delays no task.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from jvscheduler.due_instants.definition import Definition, decides_alike, removed, revision_of
from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.background import Background
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.execution.dispatch import Dispatch
from jvscheduler.loop.execution.executor import Executor
from jvscheduler.loop.execution.jobs import Job, manual_job
from jvscheduler.loop.execution.services import LoopIdentity, Services, ignored
from jvscheduler.loop.execution.slots import ConcurrencySlots
from jvscheduler.loop.execution.worker_listener import WorkerListener
from jvscheduler.loop.log import Event, say
from jvscheduler.loop.presence import Presence
from jvscheduler.loop.recording.guarded_history import GuardedHistory
from jvscheduler.loop.recording.recorder import LoopRecorder
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.replay import Replay
from jvscheduler.loop.scheduling.scheduler import Scheduler
from jvscheduler.loop.scheduling.served_tasks import ServedTasks
from jvscheduler.loop.takeover.spooled import SpooledTakeovers
from jvscheduler.loop.takeover.takeovers import Takeovers
from jvscheduler.loop.takeover.unfinished_jobs import UnfinishedJobs
from jvscheduler.loop.worker_link.attempts import LoopAttempts, WorkerOrders
from jvscheduler.loop.worker_link.claim_memory import ClaimMemory
from jvscheduler.loop.worker_link.inherited_attempts import InheritedAttempts
from jvscheduler.outcomes import Outcome, Reason

_HEARTBEAT_PAUSE: Final = timedelta(seconds=10)
"""The pause between two heartbeats. A job is lost after 30 s without one, a slot after 25 s."""
_LOOK_BACK: Final = timedelta(seconds=5)
"""Delay the first jobs by at most this long, to learn which jobs an earlier loop has already
started."""
_UNFINISHED_PAUSE: Final = timedelta(seconds=15)
"""The pause between two looks at the jobs that earlier loops left."""
_SETTLE_PAUSE: Final = timedelta(seconds=2)
"""The pause between two replays after the end."""


class Loop:
    def __init__(  # noqa: PLR0913 - each is a part that only its user has
        self,
        identity: LoopIdentity,
        store: LoopStore,
        spool: Spool,
        worker: WorkerOrders,
        clock: Clock,
        *,
        on_attempt: Callable[[Outcome], None] = ignored,
        alone_in: str | None = None,
    ) -> None:
        """`alone_in`: the namespace that it serves without a cluster, as on a developer's
        machine. The history gets a note of its stop. None: another loop takes over at once.
        """
        self._clock = clock
        self._history = GuardedHistory(store, clock, is_away=not spool.is_empty)
        self._recorder = recorder = LoopRecorder(self._history, spool)
        inherited = InheritedAttempts()
        memory = ClaimMemory(spool.folder)
        self._attempts = LoopAttempts(worker, inherited, memory)
        self._slots = ConcurrencySlots(self._history, inherited, clock)
        self.worker_listener: Final = WorkerListener(
            self._attempts, inherited, memory, recorder, self._slots
        )
        services = Services(identity, recorder, self._slots, self._attempts, clock, on_attempt)
        self._executor = Executor(services, inherited)
        self._jobs, self._background = Background(), Background()
        self._dispatch = Dispatch(self._executor, recorder, self._jobs, self._background)
        self._served = ServedTasks()
        self._scheduler = Scheduler(self._served, self._dispatch, clock)
        self._spooled = SpooledTakeovers(spool)
        self._takeovers = Takeovers(
            self._history, self._spooled, self._served, self._dispatch, clock
        )
        self._unfinished = UnfinishedJobs(
            self._history, self._executor, self._served, self._dispatch, services
        )
        self._replay = Replay(self._history, spool, self._slots, self._spooled, clock)
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._presence = Presence(store, self._served, clock, alone_in)

    async def open(self) -> None:
        """Open the history. If it does not answer, the loop begins without it."""
        try:
            await self._history.answer(self._history.store.ping())
            await self._history.store.open()
        except HistoryUnavailable as error:
            self._history.set_away(error)

    def put(self, definition: Definition) -> None:
        """Serve a task by this definition from now on.

        After the stop, changes are left to the next loop.
        """
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
                # What came due until now is the old definition's.
                self._scheduler.look(definition.name, now)
            since = self._served.put(definition, now)
            self._add_revision(definition.name, revision_of(definition, since))
        self._scheduler.wake()

    def remove(self, name: str, *, handed_over: bool) -> None:
        """Serve a task no longer.

        `handed_over`: another loop or a CronJob serves it. Otherwise it was deleted.
        """
        definition = self._served.get(name)
        if definition is None or self._stopping.is_set():
            return
        self._scheduler.look(name, self._clock.now())
        until = self._served.remove(name)
        self._executor.hand_over(name, deleted=not handed_over)
        if handed_over:
            self._takeovers.hand_over(name)
        else:
            self._add_revision(name, removed(definition, until))

    async def run_now(self, definition: Definition) -> Outcome | None:
        """Run a manual job of a task, whether the loop serves it or not.

        Returns the outcome of its last attempt. None: it had no attempt. After the stop
        there is no further attempt.
        """
        return await self._jobs.start(self._run_manual(manual_job(definition)))

    async def run(self, stop: asyncio.Event, grace: timedelta) -> None:
        """Serve the tasks until the stop. Jobs then have `grace` to end by themselves."""
        for work in (
            self._attempt(self._presence.write),
            self._relay(stop),
            self._replay.run(self._ended),
            self._send_heartbeats(),
            self._takeovers.run(self._stopping),
            self._settle_unfinished(),
        ):
            self._background.start(work)
        await self._clock.pause(_LOOK_BACK, self._takeovers.looked_back)
        await self._scheduler.run(self._stopping)
        self._presence.stop()
        if self._presence.is_alone:
            self._record_suspended()
        await self._finish(grace)
        await self._attempt(self._presence.write_stop)

    async def settle(self, enough: asyncio.Event, otherwise: str) -> None:
        """Call it after `run`. Returns when the history has everything, or at `enough`.

        The rest stays in the spool. `otherwise` says what becomes of it.
        """
        while not self._replay.is_done and not enough.is_set():
            say(f"outcomes on disk wait for the history ({otherwise})", Event.PROBLEM)
            await self._clock.pause(_SETTLE_PAUSE, enough)
            if self._history.is_complete:
                self._spooled.hand_over_all()
            await self._replay.replay()
        await self._attempt(self._presence.write_stop)

    def _record_suspended(self) -> None:
        """Record the instants of suspended tasks since the last full minute."""
        for definition in [d for d in self._served if not d.task.enabled]:
            self._scheduler.look(definition.name, self._clock.now())

    async def _relay(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping.set()
        self._takeovers.looked_back.set()
        self._scheduler.wake()

    def _add_revision(self, name: str, revision: ScheduleRevision) -> None:
        self._takeovers.on_revision(name, revision)
        self._dispatch.add_revision(name, revision)

    async def _run_manual(self, job: Job) -> Outcome | None:
        outcome = await self._executor.run(job)
        if outcome is not None and self._stopping.is_set():
            # Another loop must not make the retries of a job that a user started here.
            await self._recorder.record(replace(outcome, is_last=True))
        return outcome

    async def _send_heartbeats(self) -> None:
        while not self._ended.is_set():
            await self._clock.pause(_HEARTBEAT_PAUSE, self._ended)
            await self._attempt(self._heartbeat)

    async def _heartbeat(self) -> None:
        jobs = self._executor.active_job_ids()
        await self._history.store.heartbeat_all(jobs, self._clock.now())
        await self._slots.extend()
        await self._presence.write()

    async def _settle_unfinished(self) -> None:
        while not self._stopping.is_set():
            await self._attempt(self._unfinished.settle)
            await self._clock.pause(_UNFINISHED_PAUSE, self._stopping)

    async def _attempt(self, call: Callable[[], Awaitable[None]]) -> None:
        """Make a call that is made again later: it is left out while the history is away."""
        await self._background.run(self._history.if_available(call))

    async def _finish(self, grace: timedelta) -> None:
        """Wait for the jobs, end those that remain, and record everything."""
        self._executor.give_up()
        await self._jobs.wait_at_most(grace.total_seconds())
        self._attempts.stop_all(Reason.TERMINATED)
        await self._jobs.wait()
        # Heartbeats and replays go on until here: a job in its grace period is alive.
        self._ended.set()
        await self._background.wait()
        await self._replay.replay()
