"""The server's two repairs of a CronJob's due instants at work, on a history in memory."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.verification.findings import Kind
from jvscheduler_server.cluster.objects import TaskCronJob
from jvscheduler_server.repair.due_instants.apply import DueInstantRepair
from jvscheduler_server.repair.revisions.apply import CronJobRevisions
from tests.support.history.findings import findings_of
from tests.support.history.outcomes import NOON, completed, of_job
from tests.support.server.cron_jobs import KEY, cron_job, minutes
from tests.support.server.in_memory import FakeCluster, FlakyHistory

Summary = tuple[float, str, str | None, int]


class Server:
    """The two repairs that work together on a CronJob's due instants."""

    def __init__(self, store: FlakyHistory, cluster: FakeCluster) -> None:
        self._revisions = CronJobRevisions(store, cluster)
        self._due_instants = DueInstantRepair(store, cluster)

    async def look(self, now: datetime) -> None:
        self._due_instants.track(await self._revisions.write(now), now)
        await self._due_instants.record(now)


class Scene:
    """A CronJob that is due every five minutes from noon on."""

    def __init__(self, *cron_jobs: TaskCronJob, at: float = 0.5) -> None:
        self.store = FlakyHistory()
        self.cluster = FakeCluster()
        self.cluster.seen_cron_jobs = list(cron_jobs or [cron_job()])
        self.restart()
        self.look(at)

    def restart(self) -> None:
        self.server = Server(self.store, self.cluster)

    def look(self, at: float) -> None:
        asyncio.run(self.server.look(minutes(at)))

    def pass_twice(self, at: float) -> None:
        self.look(at)
        self.look(at + 0.5)

    def ran(self, number: int, **changes: Any) -> None:
        asyncio.run(self.store.record(completed(of_job(number), **changes)))

    def records(self) -> list[ScheduledJob]:
        found = self.store.jobs_between(InstantRange(*KEY, minutes(-1), minutes(100_000)))
        return list(asyncio.run(found))

    def summaries(self) -> list[Summary]:
        """Return each record's minute, status, reason and number of instants."""
        firsts = [(job, job.scheduled_time or NOON) for job in self.records()]
        minute = timedelta(minutes=1)
        return [((t - NOON) / minute, j.status, j.reason, j.instants) for j, t in firsts]

    def findings(self, end: float) -> Mapping[Kind, int]:
        return asyncio.run(findings_of(self.store, KEY, NOON, minutes(end)))
