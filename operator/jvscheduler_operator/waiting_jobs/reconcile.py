"""One look at the Jobs of a task: list them when there may be one to give up, and give it up."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.errors import TemporaryError
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.cluster.errors import Conflict, NotFound, Rejected, Stale
from jvscheduler_operator.objects.manifests import Key, Manifest, is_controlled_by, key_of
from jvscheduler_operator.objects.pods import problem_of_events
from jvscheduler_operator.objects.shapes import EVENT, JOB, POD, readable
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.events import EventRecorder
from jvscheduler_operator.waiting_jobs.decide import (
    GivenUp,
    Rules,
    active_instants,
    must_look,
    next_look,
    patch_of,
    rules_of,
    to_give_up,
)
from jvscheduler_operator.waiting_jobs.jobs import waiting_jobs

_logger = logging.getLogger(__name__)

_RETRY_REFUSED: Final = timedelta(minutes=1)
"""After a refusal by the API server: rights may change without an event that we watch."""

_AFTER_DEADLINE: Final = timedelta(seconds=1)


class WaitingJobReconciler:
    def __init__(
        self, cache: Cache, cluster: Cluster, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self._cache = cache
        self._cluster = cluster
        self._settings = settings
        self._clock = clock

    async def reconcile(self, key: Key) -> timedelta | None:
        """Returns when to look again; None when only an event can bring something to do.

        Raises TemporaryError.
        """
        task, cron_job = self._cache.tasks.get(key), self._cache.cron_jobs.get(key)
        if task is None or cron_job is None or not is_controlled_by(cron_job, task):
            return None
        rules, active, now = rules_of(task, cron_job), active_instants(cron_job), self._clock()
        waits: Sequence[datetime] = ()
        if must_look(active, rules, now):
            try:
                waits = await self._look(task, cron_job, rules, now)
            except Rejected as error:
                _logger.warning("the Jobs of %s cannot be given up: %s", key, error)
                return _RETRY_REFUSED
        delay = next_look([*active, *waits], rules, now)
        return None if delay is None else delay + _AFTER_DEADLINE

    async def _look(
        self, task: Manifest, cron_job: Manifest, rules: Rules, now: datetime
    ) -> Sequence[datetime]:
        """Give up what has waited for too long. Returns since when each Job waits."""
        key = key_of(cron_job)
        # The Jobs first: a pod that starts after its Job was read is seen.
        jobs = readable(await self._cluster.jobs_of(key), JOB)
        pods = readable(await self._cluster.pods_of(key), POD)
        waiting = waiting_jobs(cron_job, jobs, pods)
        for given_up in to_give_up(waiting, rules, now):
            await self._give_up(key, task, given_up)
        return [job.since for job in waiting]

    async def _give_up(self, key: Key, task: Manifest, given_up: GivenUp) -> None:
        job = Key(key.namespace, given_up.job.name)
        # Before: the end of the Job makes an Event too, which says nothing of what it waited for.
        wait = await self._wait(given_up)
        try:
            await self._cluster.patch_job(job, patch_of(given_up))
        except NotFound:
            return
        except Conflict as error:
            raise Stale(f"Job {job}: {error}") from error
        about = {**key.log_context, "job": job.name, "reason": given_up.reason}
        _logger.info("Job %s is given up: %s: %s", job, given_up.reason, wait, extra=about)
        recorder = EventRecorder(task, self._clock(), self._settings.instance)
        message = f"The Job {job.name} {given_up.text}: {wait}"
        await self._post(recorder.job_given_up(given_up.reason, message))

    async def _wait(self, given_up: GivenUp) -> str:
        """Why it is given up, or what the Job that has its place waits for."""
        job = given_up.behind or given_up.job
        text = f"{job.name} waits, {job.wait}" if given_up.behind else job.wait
        if job.silent is None:
            return text
        try:
            events = readable(await self._cluster.events_of(job.silent), EVENT)
        except (Rejected, TemporaryError) as error:
            _logger.warning("the Events about %s cannot be listed: %s", job.name, error)
            return text
        problem = problem_of_events(events)
        return f"{text}: {problem.message}" if problem else text

    async def _post(self, event: Manifest) -> None:
        # As every Event it is a courtesy: the job's record says the same.
        try:
            await self._cluster.create_event(event)
        except (Rejected, TemporaryError) as error:
            _logger.warning("Event %s was not posted: %s", event["reason"], error)
