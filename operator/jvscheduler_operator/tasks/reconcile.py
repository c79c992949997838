"""One pass over one task: gather, decide, apply, report."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.objects.manifests import Key, Manifest, is_being_deleted, is_controlled_by
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.apply import NamespaceSecrets, TaskApplier
from jvscheduler_operator.tasks.decide import decide, decide_deleted
from jvscheduler_operator.tasks.events import EventRecorder, events_of
from jvscheduler_operator.tasks.gather import gather
from jvscheduler_operator.tasks.plan import Applied, Plan, State
from jvscheduler_operator.tasks.status import differs, next_schedule_time, status_of

_logger = logging.getLogger(__name__)

_AFTER_DUE: Final = timedelta(seconds=1)
"""The CronJob controller acts at the due instant itself. A second later, one status write
says both that the job has started and when the next one is due."""

_RETRY_REFUSED: Final = timedelta(minutes=1)
"""After a refusal by the API server. A quota or an admission webhook may change without an
event that we watch."""

_MAX_DELAY: Final = timedelta(minutes=10)
"""When no reason to look again is known. It also bounds a delay that became wrong because
the system clock was set."""


class TaskReconciler:
    def __init__(
        self, cache: Cache, cluster: Cluster, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self._cache = cache
        self._cluster = cluster
        self._settings = settings
        self._clock = clock
        self._applier = TaskApplier(cache, cluster, clock)
        self._secrets = NamespaceSecrets()

    async def reconcile(self, key: Key) -> timedelta | None:
        """Returns when to look again; None when the task is gone. Raises TemporaryError."""
        state = await gather(key, self._cache, self._cluster, self._settings)
        if state is None:
            await self._stop(key)
            return None
        plan = self._with_secret_if_due(key, decide(state, self._clock()))
        secret_failure = await self._applier.apply_secret(plan)
        if plan.secret is not None and secret_failure is None:
            self._secrets.written(key)
        if plan.edit_window.opens is not None:
            # The status still says what is in force.
            return plan.edit_window.opens - self._clock()
        applied = await self._applier.apply_cron_job(state, plan)
        retirement_failure = self._applier.retirement_failure(key)
        applied = replace(applied, side_failure=secret_failure or retirement_failure)
        await self._report(state, plan, applied)
        await self._applier.retire_cron_job(state, plan)
        if retirement_failure is not None:
            return timedelta()  # It has succeeded now. The next pass reports that.
        # After the report: a webhook that is away may stay so, and the user must see it.
        if applied.first_failure is not None and applied.first_failure.temporary is not None:
            raise applied.first_failure.temporary
        now = self._clock()
        due = next_schedule_time(state.task, plan, applied, now)
        return _delay(plan, applied, due, now)

    async def find_lost_secrets(self) -> Sequence[Key]:
        """The tasks whose pass writes a Secret again that is gone. Raises as `Cluster` does."""
        if self._settings.database_url is None and self._settings.isolation is None:
            return ()
        return self._secrets.missing(await self._cluster.secret_namespaces())

    def _with_secret_if_due(self, key: Key, plan: Plan) -> Plan:
        if plan.secret is None:
            self._secrets.pass_on(key)
            return plan
        return plan if self._secrets.is_due(key) else replace(plan, secret=None)

    async def _report(self, state: State, plan: Plan, applied: Applied) -> None:
        now = self._clock()
        status = status_of(state.task, plan, applied, now)
        if differs(state.task, status):
            await self._applier.write_status(state.task, status)
        if applied.result is not None:
            about = state.key.log_context
            _logger.info("CronJob %s %s", state.key, applied.result, extra=about)
        # Events come after the status. If they came first, a pass that fails to write the
        # status would run again and post the same Events twice.
        recorder = EventRecorder(state.task, now, self._settings.instance)
        for event in events_of(recorder, status, applied):
            await self._applier.post(event)

    async def _stop(self, key: Key) -> None:
        """Start no more jobs of a task that was deleted, and forget it."""
        task, cron_job = self._cache.tasks.get(key), self._cache.cron_jobs.get(key)
        # Somebody's finalizer may keep a deleted task for days. Garbage collection leaves
        # the CronJob as long, and it would go on to start Jobs.
        if task is not None and cron_job is not None and _belongs_to(cron_job, task):
            await self._applier.delete_cron_job(cron_job, "the task was deleted")
        if task is not None and "status" in task:
            status = status_of(task, decide_deleted(task), Applied(None), self._clock())
            if differs(task, status):
                await self._applier.write_status(task, status)
        self._forget(key)

    def _forget(self, key: Key) -> None:
        self._secrets.release(key)
        self._applier.forget(key)
        # Frees the memory of a deleted task. While the task or its CronJob exists, its
        # resource version is needed to recognize old reports.
        if self._cache.tasks.get(key) is None and self._cache.cron_jobs.get(key) is None:
            self._cache.forget(key)


def _belongs_to(cron_job: Manifest, task: Manifest) -> bool:
    return is_controlled_by(cron_job, task) and not is_being_deleted(cron_job)


def _delay(plan: Plan, applied: Applied, due: datetime | None, now: datetime) -> timedelta:
    """The shortest of the delays after which something may have changed without an event."""
    delays = [_MAX_DELAY]
    if applied.first_failure is not None:
        delays.append(_RETRY_REFUSED)
    if plan.blocked is not None:
        delays.append(plan.blocked.retry_after)
    if plan.retirement.retry_after is not None:
        delays.append(plan.retirement.retry_after)
    if due is not None:
        delays.append(due - now + _AFTER_DUE)
    return min(delays)
