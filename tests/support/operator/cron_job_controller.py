"""Kubernetes' CronJob controller, as far as it decides for which instants it makes Jobs.

After kubernetes v1.36 `pkg/controller/cronjob`: `updateCronJob`, `syncCronJob`,
`mostRecentScheduleTime` and `nextScheduleTimeDuration`. It follows the surprises too. One
of them: an edit of the schedule looks again only at the next instant after now.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Key, Manifest, version_of

_PADDING = timedelta(milliseconds=100)
"""`nextScheduleDelta`: the controller looks this long after an instant."""


@dataclass
class CronJobController:
    """Follows one CronJob. `read` returns it from the API server, `write` stores it there.

    `reaction` is the time from a due key to the look at the CronJob, `latency` the time of
    a call, both in seconds.
    """

    key: Key
    clock: Callable[[], datetime]
    read: Callable[[], Manifest | None]
    write: Callable[[Manifest], Manifest]
    reaction: float
    latency: float
    jobs: list[datetime] = field(default_factory=list)
    """The instants for which it made a Job, in their order."""
    _known: Manifest | None = None
    _timer: asyncio.TimerHandle | None = None
    _is_syncing: bool = False
    _is_dirty: bool = False

    def seen(self, cron_job: Manifest) -> None:
        """Take over a watch event."""
        before, self._known = self._known, cron_job
        if before is not None and _timing(before) != _timing(cron_job):
            self._add_after(_until_next(cron_job, self.clock()))
        else:
            self._add_after(timedelta())

    def _add_after(self, delay: timedelta) -> None:
        """Like client-go's `AddAfter`: of two times of one key, the earlier one stays."""
        loop = asyncio.get_running_loop()
        time = loop.time() + max(delay.total_seconds(), 0)
        if self._timer is not None and not self._timer.cancelled():
            if self._timer.when() <= time:
                return
            self._timer.cancel()
        self._timer = loop.call_at(time, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._is_syncing:
            self._is_dirty = True
            return
        self._is_syncing = True
        asyncio.ensure_future(self._work()).add_done_callback(_raise)

    async def _work(self) -> None:
        try:
            await asyncio.sleep(self.reaction)
            await self._sync()
        finally:
            self._is_syncing = False
            if self._is_dirty:
                self._is_dirty = False
                self._add_after(timedelta())

    async def _sync(self) -> None:
        cron_job = self._known
        if cron_job is None or cron_job["spec"].get("suspend"):
            return
        now = self.clock()
        due = _most_recent(cron_job, now)
        if due is None or times.to_text(due) == cron_job.get("status", {}).get("lastScheduleTime"):
            self._add_after(_until_next(cron_job, now))
            return
        await asyncio.sleep(self.latency)
        if due not in self.jobs:  # a Job of this name exists: its creation is refused
            self.jobs.append(due)
        await asyncio.sleep(self.latency)
        stored = self.read()
        if stored is None or version_of(stored) != version_of(cron_job):
            # A conflict: the key comes again, by a backoff.
            self._add_after(timedelta(milliseconds=10))
            return
        status = {**stored.get("status", {}), "lastScheduleTime": times.to_text(due)}
        answer = self.write({**stored, "status": status})
        self._add_after(_until_next(answer, self.clock()))


def _raise(work: "asyncio.Future[None]") -> None:
    work.result()


def _timing(cron_job: Manifest) -> tuple[object, object]:
    return cron_job["spec"]["schedule"], cron_job["spec"].get("timeZone")


def _schedule(cron_job: Manifest) -> Schedule:
    return parse_schedule(cron_job["spec"]["schedule"], cron_job["spec"].get("timeZone", "UTC"))


def _earliest(cron_job: Manifest) -> datetime:
    last = cron_job.get("status", {}).get("lastScheduleTime")
    return times.parse(last or cron_job["metadata"]["creationTimestamp"])


def _most_recent(cron_job: Manifest, now: datetime) -> datetime | None:
    return max(_schedule(cron_job).between(_earliest(cron_job), now), default=None)


def _until_next(cron_job: Manifest, now: datetime) -> timedelta:
    base = _most_recent(cron_job, now) or _earliest(cron_job)
    due = _schedule(cron_job).next(base)
    return due + _PADDING - now if due is not None else timedelta(days=365)
