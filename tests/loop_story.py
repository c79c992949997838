"""A scheduler on a clock of the tests' own, with attempts that end as a script says."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.history.memory import MemoryHistory
from jvscheduler.loop.attempts import Attempt, claim_of
from jvscheduler.loop.scheduler import Scheduler
from jvscheduler.outcomes import Outcome
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task
from tests.outcomes import NOON, completed, failed

MINUTE = timedelta(minutes=1)
START = NOON - MINUTE / 2


@dataclass
class ManualClock:
    """Goes from one awaited instant to the next, and stops the scheduler at its end."""

    end: datetime
    time: datetime = START
    waiting: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    async def wait_until(self, instant: datetime | None, stop: asyncio.Event) -> None:
        until = min(instant or self.end, self.end)
        self.waiting.append(until)
        try:
            await self._pass_until(until, stop)
        finally:
            self.waiting.remove(until)

    async def _pass_until(self, until: datetime, stop: asyncio.Event) -> None:
        while not stop.is_set() and self.time < until:
            for _ in range(20):  # let everything that can run do so before the time goes on
                await asyncio.sleep(0)
            if self.time < until and until == min(self.waiting):
                self.time = until
            if self.time >= self.end:
                stop.set()


@dataclass
class ScriptedLauncher:
    """Attempts end as the script says; it claims and records as a runner would."""

    store: MemoryHistory
    clock: ManualClock
    script: Callable[[Outcome], Awaitable[Outcome | None]]
    recorded: bool = True
    attempts: list[tuple[str, datetime]] = field(default_factory=list)
    signals: list[signal.Signals] = field(default_factory=list)

    async def run(self, attempt: Attempt) -> Outcome | None:
        claim = claim_of(attempt, self.clock.now())
        self.attempts.append((attempt.job_name, self.clock.now()))
        if not await self.store.claim(claim):
            return None
        outcome = await self.script(claim)
        if outcome is None or not self.recorded:
            return outcome
        await self.store.record(outcome)
        return replace(outcome, recorded=True)

    def signal(self, number: signal.Signals) -> None:
        self.signals.append(number)


def task(**options: int | bool) -> Task:
    parsed = parse_schedule("every minute")
    base = Task("shop.tasks.restock", "shop.tasks:restock", parsed)
    return replace(base, **options)  # type: ignore[arg-type]


async def complete(claim: Outcome) -> Outcome:
    return completed(claim)


async def fail(claim: Outcome) -> Outcome:
    return failed(claim)


class Story:
    """What a scheduler did with one task until the clock's end."""

    def __init__(
        self,
        one: Task,
        minutes: float,
        script: Callable[[Outcome], Awaitable[Outcome | None]] = complete,
        store: MemoryHistory | None = None,
        *,
        recorded: bool = True,
        start: datetime = START,
    ) -> None:
        self.store = store or MemoryHistory()
        self.clock = ManualClock(end=start + minutes * MINUTE, time=start)
        self.launcher = ScriptedLauncher(self.store, self.clock, script, recorded)
        asyncio.run(self._run(one))

    async def _run(self, one: Task) -> None:
        scheduler = Scheduler([one], self.store, self.launcher, self.clock)
        await scheduler.run(asyncio.Event())

    def jobs(self) -> Sequence[ScheduledJob]:
        found = asyncio.run(self.store.recent(NOON - MINUTE, None, 100))
        return list(reversed(found.jobs))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - it waits for the tests' own clock
        await asyncio.sleep(0)
