"""The loop: has each task's jobs run when they are due; no instant goes without an account.

It serves a task from the moment that it is told of it. What was due before, under
an earlier loop or none, is settled beside, when the history answers: a history
that is down delays no task. Where the history has an account of later instants than
its clock, which was set back then, those are not due again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.revisions import ScheduleRevision
from jvscheduler.history.store import LoopStore
from jvscheduler.loop.accounting import Account, accounts
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.definition import Definition, decides_alike, removed, revision_of
from jvscheduler.loop.endings import silent_attempts
from jvscheduler.loop.execution import Execution, Host, ignored, outcome_of
from jvscheduler.loop.jobs import Job, due_job, manual_job, unfinished_job
from jvscheduler.loop.ledger import Ledger
from jvscheduler.loop.log import Event, say, say_outcome
from jvscheduler.loop.pasts import Told, told_of
from jvscheduler.loop.places import Places
from jvscheduler.loop.recovery import Takeover, past, unrun
from jvscheduler.loop.roster import Roster
from jvscheduler.loop.runs import Runs
from jvscheduler.loop.spool import Spool
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler.worker.messages import Ended

LEAD: Final = timedelta(milliseconds=500)
"""So long before it is due a job's child is forked: a burst of jobs is then only let go."""
HEARTBEAT: Final = timedelta(seconds=10)
_PAUSE: Final = timedelta(seconds=1)
_SETTLE_PAUSE: Final = timedelta(seconds=2)
_SWEEP: Final = timedelta(seconds=15)
T = TypeVar("T")


class Loop:
    def __init__(  # noqa: PLR0913 - its parts
        self,
        host: Host,
        store: LoopStore,
        spool: Spool,
        runs: Runs,
        clock: Clock,
        *,
        on_attempt: Callable[[Outcome], None] = ignored,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ledger = Ledger(store, spool)
        self._places = Places(store, self._ledger, clock, runs)
        runs.adopt = self._adopt
        self._runs = runs
        self._execution = Execution(
            host, self._ledger, self._places, runs, clock, on_attempt=on_attempt
        )
        self._roster = Roster()
        self._untold: dict[str, Takeover] = {}
        """By the task's name; also of one that was edited or removed since."""
        self._looked_back = asyncio.Event()
        """The history was asked once for the past, or is away; or nothing is served any more."""
        self._jobs: set[asyncio.Task[Any]] = set()
        self._working: set[asyncio.Task[Any]] = set()
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()

    def missing(self, error: HistoryUnavailable) -> None:
        """The history could not be opened: begin without it."""
        self._ledger.missing(error)

    def put(self, definition: Definition) -> None:
        """Serve the task as this says, from now on."""
        now = self._clock.now()
        before = self._roster.get(definition.name)
        if before is None and definition.name not in self._untold:
            since = self._roster.put(definition, now)
            self._untold[definition.name] = Takeover(definition, since)
        elif before and decides_alike(revision_of(before, now), revision_of(definition, now)):
            self._roster.exchange(definition)
        else:
            if before is not None:
                self._look(definition.name, now)
            since = self._roster.put(definition, now)
            self._revise(definition.name, revision_of(definition, since))
        self._wake.set()

    def remove(self, name: str, *, handed_over: bool) -> None:
        """Serve it no longer: another loop or a CronJob does, or the task is no more."""
        definition = self._roster.get(name)
        if definition is None:
            return
        self._look(name, self._clock.now())
        until = self._roster.remove(name)
        self._execution.hand_over(name)
        if handed_over:
            self._untold.pop(name, None)
        else:
            self._revise(name, removed(definition, until))

    def _revise(self, name: str, revision: ScheduleRevision) -> None:
        if name in self._untold:
            self._untold[name].own.add(revision.id)
        self._start(self._ledger.revise(revision))

    async def run_now(self, definition: Definition) -> Outcome | None:
        """A manual job of a task that need not be served: what its last attempt came to.

        None when it had none. Stopped, it awaits no further one.
        """
        running = asyncio.create_task(self._run_manual(manual_job(definition)))
        self._jobs.add(running)
        running.add_done_callback(self._jobs.discard)
        return await running

    async def _run_manual(self, job: Job) -> Outcome | None:
        outcome = await self._execution.run(job)
        if outcome is not None and self._stopping.is_set():
            await self._ledger.record(replace(outcome, is_last=True))
        return outcome

    async def run(self, stop: asyncio.Event, grace: timedelta) -> None:
        """Until the stop; then what runs has `grace` to end by itself, and is ended."""
        self._start(self._relay(stop))
        for work in (
            self._ledger.reconcile(self._clock, self._ended),
            self._beat(),
            self._settle_pasts(),
            self._regularly(self._resume, _SWEEP),
        ):
            self._start(work)
        await self._schedule()
        await self._finish(grace)

    async def _relay(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping.set()
        self._looked_back.set()
        self._wake.set()

    async def _schedule(self) -> None:
        await self._looked_back.wait()
        horizon = self._clock.now()
        while not self._stopping.is_set():
            self._wake.clear()
            due = self._roster.next()
            await self._clock.wait_until(due and due - LEAD, self._wake)
            horizon = max(horizon, self._clock.now() + LEAD)
            for name in self._roster.take_due(horizon):
                self._look(name, horizon)

    def _look(self, name: str, now: datetime) -> None:
        found = self._roster.account(name, now)
        definition = self._roster.get(name)
        if definition is not None:
            self._act(definition, found)

    def _act(self, definition: Definition, found: Account) -> asyncio.Task[None] | None:
        """The writing of its gaps, if it has any."""
        if found.run is not None:
            self._begin(due_job(definition, found.run))
        for gap in found.gaps:
            told = f"{gap.task_id} {gap.status} {gap.count} instant(s): {gap.message}"
            say(told, gap.status)
        return self._start(self._ledger.account(found.gaps)) if found.gaps else None

    def _begin(self, job: Job) -> None:
        self._start(self._execution.run(job), self._jobs)

    async def _settle_pasts(self) -> None:
        """What takes long, their account, comes when the first instants may be served already."""
        while not self._stopping.is_set():
            pasts: list[tuple[Takeover, Told]] = []
            await self._attempt(self._ledger.guarded(partial(self._look_back, pasts)))
            self._looked_back.set()
            self._ledger.unsettled(self._untold.values())
            for takeover, told in pasts:
                await self._attempt(self._settle(takeover, told))
            await self._clock.wait_until(self._clock.now() + _PAUSE, self._stopping)

    async def _regularly(self, act: Callable[[], Awaitable[None]], pause: timedelta) -> None:
        while not self._stopping.is_set():
            await self._attempt(self._ledger.guarded(act))
            await self._clock.wait_until(self._clock.now() + pause, self._stopping)

    async def _look_back(self, pasts: list[tuple[Takeover, Told]]) -> None:
        """Raises HistoryUnavailable with nothing done."""
        if not self._untold:
            return
        untold = dict(self._untold)
        for name, told in (await told_of(self._store, untold)).items():
            if self._untold.get(name) is untold[name]:  # not handed over meanwhile
                pasts.append(self._rested(self._untold.pop(name), told))

    def _rested(self, takeover: Takeover, told: Told) -> tuple[Takeover, Told]:
        """What has a record is not due again."""
        latest = told.latest
        if latest is None or not self._roster.skip(takeover.definition.name, latest):
            return takeover, told
        return replace(takeover, since=latest), replace(told, before=latest)

    async def _settle(self, takeover: Takeover, told: Told) -> None:
        """The latest record says up to where there is an account: so the earliest come first."""
        definition, since = takeover.definition, takeover.since
        found = past(takeover, told.revisions, told.before)
        if found.problem:
            say(f"the past of {definition.name} has no record: {found.problem}", Event.PROBLEM)
        following = definition.task.schedule.next(since)
        writing = self._act(definition, Account(gaps=found.in_hand))
        for piece in accounts(found.definition, found.after, since, Reason.LOOP_DOWN):
            if writing is not None:
                await asyncio.wait({writing})
            served = self._roster.get(definition.name)
            overtaken = following is not None and following <= self._clock.now()
            may_run = found.runs and served and not overtaken and not self._stopping.is_set()
            owed = piece if may_run else unrun(definition, piece, Reason.LOOP_DOWN)
            writing = self._act(served or definition, owed)
            await asyncio.sleep(0)
        if found.begins is not None:
            self._start(self._ledger.revise(revision_of(definition, found.begins)))

    async def _resume(self) -> None:
        """Jobs that an earlier loop has left: those that await a retry, those that fell silent."""
        now = self._clock.now()
        for job in await self._store.unfinished():
            in_hand = self._execution.has(job.id) or job.id in self._runs.adopted_jobs()
            if job.loop is None or in_hand:
                continue
            definition = self._roster.of_task(job.namespace, job.job_name)
            if definition is None:
                continue
            for outcome in silent_attempts(job, now):
                await self._ledger.record(outcome)
                say_outcome(outcome)
            if job.status is Status.PENDING:
                self._begin(unfinished_job(definition, job))

    async def _adopt(self, ended: Ended) -> None:
        """The end of a run that an earlier loop has started."""
        outcome = outcome_of(ended)
        await self._ledger.record(outcome)
        self._runs.done(ended.run_id)
        await self._places.free(outcome.job_id)

    async def _beat(self) -> None:
        while not self._ended.is_set():
            await self._clock.wait_until(self._clock.now() + HEARTBEAT, self._ended)
            await self._attempt(self._ledger.guarded(self._heartbeat))

    async def _heartbeat(self) -> None:
        jobs = [*self._execution.job_ids(), *self._runs.adopted_jobs()]
        await self._store.heartbeat_all(jobs, self._clock.now())
        await self._places.extend()

    async def _finish(self, grace: timedelta) -> None:
        """Runs end by themselves, or are told to; then their records are safe."""
        self._execution.give_up()
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=grace.total_seconds())
        self._runs.stop_all(Reason.TERMINATED)
        while self._jobs:
            await asyncio.wait(self._jobs)
        self._ended.set()
        while self._working:
            await asyncio.wait(self._working)
        await self._ledger.replay()

    async def settle(self, enough: asyncio.Event) -> None:
        """After `run`: until the history has everything, or `enough`; then the spool keeps it."""
        while self._ledger.away and not enough.is_set():
            say("outcomes on disk wait for the history (Ctrl-C leaves them there)", Event.PROBLEM)
            await self._clock.wait_until(self._clock.now() + _SETTLE_PAUSE, enough)
            await self._ledger.replay()

    async def _attempt(self, work: Coroutine[Any, Any, None]) -> None:
        """An error that nobody expected is told, and keeps nothing else from being done."""
        await asyncio.wait({self._start(work)})

    def _start(
        self, work: Coroutine[Any, Any, T], among: set[asyncio.Task[Any]] | None = None
    ) -> asyncio.Task[T]:
        kept = self._working if among is None else among
        started = asyncio.create_task(work)
        kept.add(started)
        started.add_done_callback(kept.discard)
        started.add_done_callback(_report)
        return started


def _report(work: asyncio.Task[Any]) -> None:
    if not work.cancelled() and (error := work.exception()) is not None:
        say(f"unexpected error: {error!r}", Event.PROBLEM)
