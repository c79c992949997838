"""One pass over one task: gather, decide, apply, tell; each answer goes into the cache."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.errors import TemporaryError
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.client import Cluster, Conflict, NotFound, Rejected, Stale
from jvscheduler_operator.controller.ledger import SecretLedger
from jvscheduler_operator.objects.manifests import Key, Manifest, State
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks import events, policies, status
from jvscheduler_operator.tasks.apply import apply_cron_job, apply_secret
from jvscheduler_operator.tasks.decide import decide
from jvscheduler_operator.tasks.gather import gather
from jvscheduler_operator.tasks.plan import Applied, Plan

_logger = logging.getLogger(__name__)

_AFTER_NEXT: Final = timedelta(seconds=1)
"""The CronJob controller acts at the instant itself; one status write then tells both."""

_SLOWLY: Final = timedelta(minutes=1)
_AT_LEAST_EVERY: Final = timedelta(minutes=10)
"""Also what bounds a wrong timer after the clock was set."""


class Reconciler:
    def __init__(
        self, cache: Cache, cluster: Cluster, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self._cache = cache
        self._cluster = cluster
        self._settings = settings
        self._clock = clock
        self._ledger = SecretLedger()

    async def reconcile(self, key: Key) -> timedelta | None:
        """When to look again, None when the task is gone. Raises TemporaryError."""
        state = await gather(key, self._cache, self._cluster, self._settings.database_url)
        if state is None:
            self._let_go(key)
            return None
        if state.database_url is not None and not self._ledger.claim(key):
            state = replace(state, database_url=None)
        plan = decide(state, self._clock())
        has_secret = await self._see_to_secret(key, plan)
        applied = await self._apply(state, plan)
        await self._tell(state, plan, applied)
        await self._retire(state, plan)
        following = status.next_schedule_time(state.task, plan, applied, self._clock())
        return _delay(plan, applied, has_secret, following, self._clock())

    async def _see_to_secret(self, key: Key, plan: Plan) -> bool:
        has_secret = await apply_secret(self._cluster, plan.secret)
        if plan.secret is not None and has_secret:
            self._ledger.done(key)
        return has_secret

    async def _apply(self, state: State, plan: Plan) -> Applied:
        try:
            applied = await apply_cron_job(self._cluster, plan, state)
        except Conflict as error:
            self._cache.children.forget(state.key)
            raise Stale(f"CronJob {state.key}: {error}") from error
        if applied.child is not None and plan.cron_job is not None:
            self._cache.children.put(applied.child)
            if applied.failure is None:
                self._cache.settled[state.key] = policies.settled(applied.child, plan.cron_job)
        return applied

    async def _retire(self, state: State, plan: Plan) -> None:
        retirement, child = plan.retirement, state.child
        try:
            if retirement.patch is not None:
                answer = await self._cluster.patch_cron_job(state.key, retirement.patch)
                self._cache.children.put(answer)
            elif retirement.deletes and child is not None:
                await self._cluster.delete_cron_job(child)
                self._cache.children.remove(child)
                _logger.info("CronJob %s deleted, %s serves the task", state.key, plan.loop)
        except (Conflict, NotFound) as error:  # the event that tells why is on its way
            raise Stale(f"CronJob {state.key}: {error}") from error

    async def _tell(self, state: State, plan: Plan, applied: Applied) -> None:
        now = self._clock()
        told = status.status_of(state.task, plan, applied, now)
        if status.differs(state.task, told):
            await self._write_status(state, told)
        if applied.change is not None:
            _logger.info("CronJob %s %s", state.key, applied.change)
        for event in events.events_of(state.task, told, applied, now, self._settings.instance):
            await self._post(event)

    async def _write_status(self, state: State, told: Manifest) -> None:
        try:
            answer = await self._cluster.apply_task_status(state.task, told)
        except NotFound as error:
            self._cache.tasks.forget(state.key)
            raise Stale(f"ScheduledTask {state.key}: {error}") from error
        except Conflict as error:  # the event that tells why is on its way
            raise Stale(f"the status of ScheduledTask {state.key}: {error}") from error
        self._cache.tasks.put(answer)

    async def _post(self, event: Manifest) -> None:
        """An Event is a courtesy: what it says is in the status too."""
        try:
            await self._cluster.create_event(event)
        except (Rejected, TemporaryError) as error:
            _logger.warning("Event %s was not posted: %s", event["reason"], error)

    def _let_go(self, key: Key) -> None:
        self._ledger.release(key)
        if self._cache.tasks.get(key) is None and self._cache.children.get(key) is None:
            self._cache.forget(key)


def _delay(
    plan: Plan, applied: Applied, has_secret: bool, following: datetime | None, now: datetime
) -> timedelta:
    delays = [_AT_LEAST_EVERY]
    if applied.failure is not None or not has_secret:
        delays.append(_SLOWLY)
    if plan.blocked is not None:
        delays.append(plan.blocked.retry_after)
    if plan.retirement.retry_after is not None:
        delays.append(plan.retirement.retry_after)
    if following is not None:
        delays.append(following - now + _AFTER_NEXT)
    return min(delays)
