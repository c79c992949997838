"""A cluster that watches an API server in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from jvscheduler import names
from jvscheduler_server.kubernetes.cluster import WatchedKubernetesCluster, utc_now
from jvscheduler_server.kubernetes.fields import Json
from jvscheduler_server.kubernetes.informer import Resource

PODS, JOBS = "/api/v1/pods", "/apis/batch/v1/jobs"
CRON_JOBS = "/apis/batch/v1/cronjobs"
TASKS = f"/apis/{names.API_VERSION}/{names.PLURAL}"


class ApiServer:
    """Lists what it has; then each watch gives the events that are put into its queue."""

    def __init__(
        self,
        pods: Sequence[Json] = (),
        jobs: Sequence[Json] = (),
        cron_jobs: Sequence[Json] = (),
        tasks: Sequence[Json] = (),
    ) -> None:
        self._lists = {PODS: pods, JOBS: jobs, CRON_JOBS: cron_jobs, TASKS: tasks}
        self.pod_events: asyncio.Queue[Json] = asyncio.Queue()
        self.job_events: asyncio.Queue[Json] = asyncio.Queue()

    async def list(self, resource: Resource[Any]) -> tuple[Sequence[Json], str]:
        return self._lists.get(resource.path, ()), "1"

    async def namespace_exists(self, namespace: str) -> bool:
        return True

    async def watch(self, resource: Resource[Any], version: str) -> AsyncIterator[Json]:
        queues = {PODS: self.pod_events, JOBS: self.job_events}
        queue = queues.get(resource.path, asyncio.Queue())
        while True:
            yield await queue.get()


def with_cluster(
    server: ApiServer,
    scene: Callable[[WatchedKubernetesCluster], Awaitable[None]],
    namespaces: Sequence[str] = (),
    clock: Callable[[], datetime] = utc_now,
) -> None:
    async def run() -> None:
        cluster = WatchedKubernetesCluster(server, namespaces, clock)
        assert not cluster.synced
        await cluster.start()
        try:
            async with asyncio.timeout(60):
                await scene(cluster)
        finally:
            await cluster.stop()

    asyncio.run(run())


async def until(condition: Callable[[], bool], cluster: WatchedKubernetesCluster) -> None:
    while not condition():
        await cluster.changed(60)
