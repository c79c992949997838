"""A loop with a clock and a worker for tests: it starts no process and waits for nothing."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jvscheduler.due_instants.definition import Definition
from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.loop.execution.services import LoopIdentity
from jvscheduler.loop.loop import Loop
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.worker_link.client import Listener
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task
from jvscheduler.testing.history import MemoryHistory
from jvscheduler.verification.findings import Kind
from jvscheduler.worker.messages import Ended, Start
from tests.support.history.findings import findings_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
START = NOON - MINUTE / 2


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scenario())


async def settle() -> None:
    """Returns when everything has happened that can happen at the present time."""
    for _ in range(60):
        await asyncio.sleep(0)


async def _come(future: asyncio.Future[None]) -> None:
    await future


class SteppedClock:
    """A clock that moves only when `advance` is called, from one awaited instant to the next."""

    def __init__(self, time: datetime = START) -> None:
        self.time = time
        self._waiting: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self.time

    async def wait_until(self, instant: datetime | None, stop: asyncio.Event) -> None:
        come: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if instant is not None and instant > self.time:
            self._waiting.append((instant, come))
        elif instant is not None:
            come.set_result(None)
        stopped = asyncio.create_task(stop.wait())
        waited = asyncio.create_task(_come(come))
        await asyncio.wait({waited, stopped}, return_when=asyncio.FIRST_COMPLETED)
        waited.cancel()
        stopped.cancel()

    async def pause(self, length: timedelta, stop: asyncio.Event) -> None:
        await self.wait_until(self.time + length, stop)

    async def advance(self, to: datetime) -> None:
        await settle()
        while due := sorted((i, n) for n, (i, f) in enumerate(self._waiting) if not f.done()):
            instant = due[0][0]
            if instant > to:
                break
            self.time = max(self.time, instant)
            for awaited, come in self._waiting:
                if awaited <= self.time and not come.done():
                    come.set_result(None)
            self._waiting = [(i, f) for i, f in self._waiting if not f.done()]
            await settle()
        self.time = max(self.time, to)
        await settle()


@dataclass
class ScriptedWorker:
    """`script` gives the end of a run when it is let go. None: it does not end yet."""

    clock: SteppedClock
    script: Callable[[Start], Ended | None]
    listener: Listener | None = None
    """None until the loop has connected."""
    gated: dict[str, Start] = field(default_factory=dict)
    going: dict[str, Start] = field(default_factory=dict)
    discarded: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    went: list[tuple[str, datetime]] = field(default_factory=list)
    """Job names with the time at which they were let go."""

    def connect(self, listener: Listener, running: Mapping[str, Mapping[str, Any]]) -> None:
        """Does what `SocketWorker.run_forever` does when the worker answers."""
        self.listener = listener
        listener.on_hello("worker-a", running)

    def claims(self) -> dict[str, Mapping[str, Any]]:
        """The attempts that it still has, as in a worker's hello."""
        return {attempt_id: order.claim for attempt_id, order in self.going.items()}

    def start(self, order: Start) -> None:
        self.gated[order.run_id] = order

    def go(self, attempt_id: str, after_seconds: float) -> None:
        order = self.going[attempt_id] = self.gated.pop(attempt_id)
        begins = self.clock.now() + timedelta(seconds=after_seconds)
        self.went.append((str(order.claim["job_name"]), begins))
        if (ended := self.script(order)) is not None:
            self.end(ended)

    def end(self, ended: Ended) -> None:
        self.going.pop(ended.run_id)
        assert self.listener is not None
        self.listener.on_ended(ended)

    def discard(self, attempt_id: str) -> None:
        del self.gated[attempt_id]
        self.discarded.append(attempt_id)

    def stop(self, attempt_id: str, reason: Reason) -> None:
        if attempt_id in self.going:
            self.end(failed(self.going[attempt_id], reason))

    def acknowledge(self, attempt_id: str) -> None:
        self.acknowledged.append(attempt_id)


def completed(order: Start) -> Ended:
    return _ended(order, Status.COMPLETED)


def failed(order: Start, reason: Reason = Reason.TASK_RAISED) -> Ended:
    return _ended(order, Status.FAILED, reason)


def unending(_: Start) -> None:
    return None


def _ended(order: Start, status: Status, reason: Reason | None = None) -> Ended:
    at = datetime.fromisoformat(order.claim["start_time"]).timestamp()
    return Ended(order.run_id, order.claim, at, at + 1, status, reason)


def definition(
    schedule: str = "every minute",
    *,
    name: str = "restock",
    enabled: bool = True,
    retry_count: int = 0,
    jitter_seconds: int = 0,
    max_concurrent: int = 1,
    starting_deadline_seconds: int | None = None,
    replaces: bool = False,
) -> Definition:
    task = Task(
        task_id=f"shop.tasks.{name}",
        entrypoint=f"shop.tasks:{name}",
        schedule=parse_schedule(schedule, seed=f"shop.tasks.{name}"),
        enabled=enabled,
        jitter_seconds=jitter_seconds,
        retry_count=retry_count,
        max_concurrent=max_concurrent,
        concurrency_policy="Replace" if replaces else "Forbid",
        starting_deadline_seconds=starting_deadline_seconds,
    )
    return Definition(name, "shop", task)


class Story:
    """A loop on a stepped clock, with the worker and the history that it uses."""

    def __init__(
        self,
        directory: Path,
        script: Callable[[Start], Ended | None] = completed,
        store: MemoryHistory | None = None,
        time: datetime = START,
        *,
        alone_in: str | None = None,
        inherits: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """`inherits`: the attempts that its worker names in its hello."""
        self.clock = SteppedClock(time)
        self._inherits = inherits or {}
        self.store = store or MemoryHistory()
        self.worker = ScriptedWorker(self.clock, script)
        self.attempts: list[Outcome] = []
        """All that `on_attempt` was called with."""
        spool, count = Spool(directory), self.attempts.append
        self.loop = Loop(
            LoopIdentity("loop-a"),
            self.store,
            spool,
            self.worker,
            self.clock,
            on_attempt=count,
            alone_in=alone_in,
        )
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Story":
        self.worker.connect(self.loop.worker_listener, self._inherits)
        self._running = asyncio.create_task(self.loop.run(self._stop, timedelta(0)))
        await settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        self._stop.set()
        while self._running is not None and not self._running.done():
            await self.clock.advance(self.clock.now() + SECOND)

    def kill(self) -> None:
        """Does what SIGKILL does: nothing more is written."""
        assert self._running is not None
        for work in asyncio.all_tasks():
            if work is not asyncio.current_task():
                work.cancel()
        self._running = None

    async def records(self, task: str = "restock") -> Sequence[ScheduledJob]:
        far = timedelta(days=4000)
        instants = InstantRange("shop", f"shop.tasks.{task}", NOON - far, NOON + far)
        return await self.store.jobs_between(instants)


async def findings(story: Story) -> Mapping[Kind, int]:
    """The findings of `verify` for the time after noon. Something was due in it."""
    task = ("shop", "shop.tasks.restock")
    return await findings_of(story.store, task, NOON, story.clock.now())


async def killed_at_noon(
    directory: Path,
    known: Definition,
    script: Callable[[Start], Ended | None] = completed,
    store: MemoryHistory | None = None,
) -> Story:
    story = Story(directory, script, store)
    async with story:
        story.loop.put(known)
        await story.clock.advance(NOON)
        story.kill()
    return story


class MovableHistory(MemoryHistory):
    """A history that can go away and come back."""

    away = False

    def __getattribute__(self, name: str) -> object:
        attribute = object.__getattribute__(self, name)
        if name.startswith("_") or not callable(attribute) or not self.away:
            return attribute

        async def unavailable(*_: object, **__: object) -> None:
            raise HistoryUnavailable("the history database is unavailable")

        return unavailable


async def away_since_noon(directory: Path, known: Definition | None = None) -> MovableHistory:
    """A history that went away when a loop was killed at noon."""
    store = MovableHistory()
    await killed_at_noon(directory, known or definition(), store=store)
    store.away = True
    return store
