"""A history, a cluster with one Job whose pod has not started, and a server over both."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler_server.cluster.objects import KubernetesJob, StartFailure
from jvscheduler_server.repair.sweeper import Sweeper
from tests.support.history.outcomes import NOON
from tests.support.server.in_memory import FakeCluster, FlakyHistory
from tests.support.server.task_pods import JOB, TASK_NAME

QUOTA = 'pods "restock-x" is forbidden: exceeded quota: small'


def kubernetes_job(**changes: Any) -> KubernetesJob:
    base = KubernetesJob(
        name=JOB.name,
        namespace="shop",
        finished=False,
        task_name=TASK_NAME,
        uid="uid-j",
        identity=JOB,
        created_time=NOON,
    )
    return replace(base, **changes)


FAILED_JOB = kubernetes_job(finished=True, failed_pods=1)


def failure(reason: str, message: str, uid: str = "uid-j", **changes: Any) -> StartFailure:
    return replace(StartFailure("shop", uid, reason, message, NOON), **changes)


class UnstartedScene:
    """A history, a cluster with one Job, and a server that begins a second after noon."""

    def __init__(self) -> None:
        self.store = FlakyHistory()
        self.cluster = FakeCluster(seen_jobs=[kubernetes_job()])
        self.now = NOON + timedelta(seconds=1)
        self.restart()

    def restart(self) -> None:
        self.sweeper = Sweeper(self.store, self.cluster, lambda: self.now)

    async def pass_over(self, later: timedelta = timedelta(seconds=1)) -> None:
        self.now += later
        await self.sweeper.sweep()

    async def job(self) -> ScheduledJob | None:
        jobs = (await self.store.recent(NOON - timedelta(days=1), None, 100)).jobs
        assert len(jobs) <= 1
        return jobs[0] if jobs else None

    async def told(self) -> tuple[str, str | None, str | None]:
        job = await self.job()
        assert job is not None
        assert job.attempts == []
        assert job.duration_seconds is None
        return job.status.value, job.reason, job.cause


def play(scene: Callable[[UnstartedScene], Awaitable[None]]) -> None:
    async def run() -> None:
        await scene(UnstartedScene())

    asyncio.run(run())
