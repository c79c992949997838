"""A history, a cluster and sweeps over them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from jvscheduler.outcomes import Outcome, Status
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.repair.sweeper import Sweeper
from tests.support.server.in_memory import FakeCluster, FlakyHistory
from tests.support.server.task_pods import START


class Clock:
    def __init__(self) -> None:
        self.now = START + timedelta(minutes=10)

    def __call__(self) -> datetime:
        return self.now


class Scene:
    """A history, a cluster and a sweep over them."""

    def __init__(self) -> None:
        self.store = FlakyHistory()
        self.cluster = FakeCluster()
        self.clock = Clock()
        self.sweeper = self.new_sweeper()

    def new_sweeper(self) -> Sweeper:
        return Sweeper(self.store, self.cluster, self.clock, Backoff(0.001, 0.002))

    async def status(self, outcome: Outcome) -> tuple[Status, str | None]:
        recent = await self.store.recent(START - timedelta(days=1), None, 100)
        return next((job.status, job.reason) for job in recent.jobs if job.id == outcome.job_id)


def play(scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        await scene(Scene())

    asyncio.run(run())
