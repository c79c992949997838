"""One pass over one loop: gather, decide, apply.

Its tasks are told of a failure through the cache, their passes write it down.
"""

import logging
from datetime import timedelta
from typing import Final

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.client import Cluster, Conflict, NotFound, Rejected, Stale
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.loops.decide import decide_loop
from jvscheduler_operator.objects import secrets
from jvscheduler_operator.objects.manifests import LoopKey, LoopState, Manifest, loop_key_of
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks import policies
from jvscheduler_operator.tasks.apply import apply_secret
from jvscheduler_operator.tasks.gather import gather_loop

_logger = logging.getLogger(__name__)

_SLOWLY: Final = timedelta(minutes=1)


class LoopReconciler:
    def __init__(self, cache: Cache, cluster: Cluster, settings: Settings) -> None:
        self._cache = cache
        self._cluster = cluster
        self._settings = settings
        self._prepared: set[LoopKey] = set()

    async def reconcile(self, key: LoopKey) -> timedelta | None:
        """When to look again, None when an event will tell. Raises TemporaryError."""
        state = gather_loop(key, self._cache)
        plan = decide_loop(state, self._settings.loop_image)
        if plan.deletes and state.deployment is not None:
            await self._delete(state.deployment)
        if plan.desired is None:
            self._let_go(key)
            return None
        failure = await self._apply(state, plan.desired, plan.applies)
        if failure is None:
            self._cache.loop_failures.pop(key, None)
            return None
        self._cache.loop_failures[key] = failure
        return _SLOWLY

    async def _apply(self, state: LoopState, desired: Manifest, applies: bool) -> str | None:
        """What went wrong, in the API server's words. What the pod needs comes first, so that it
        finds it: a container that has started does not see a Secret that comes later."""
        try:
            await self._prepare(state.key, desired)
            if applies:
                await self._write(state, desired)
        except Conflict as error:
            if state.deployment is None:
                return str(error)
            raise Stale(f"{state.key}: {error}") from error
        except Rejected as error:
            return str(error)
        return None

    async def _prepare(self, key: LoopKey, desired: Manifest) -> None:
        """Once for each process: nobody watches these."""
        if key in self._prepared:
            return
        if self._settings.database_url is not None:
            secret = secrets.build(key.namespace, self._settings.database_url)
            await apply_secret(self._cluster, secret)
        for manifest in deployments.rights(desired):
            await self._cluster.apply_rights(manifest)
        self._prepared.add(key)

    async def _write(self, state: LoopState, desired: Manifest) -> None:
        observed = state.deployment
        is_ours = observed is not None and deployments.is_ours(observed)
        answer = await self._cluster.apply_loop(
            policies.under_uid(desired, observed), force=is_ours
        )
        self._cache.loops.put(answer)
        self._cache.settled[state.key] = policies.settled(answer, desired)
        _logger.info("%s applied", state.key)

    async def _delete(self, deployment: Manifest) -> None:
        """Out of the cache first, so that no pass gives it a task meanwhile."""
        key = loop_key_of(deployment)
        self._cache.loops.forget(key)
        try:
            await self._cluster.delete_loop(deployment)
        except NotFound:
            return
        except BaseException as error:
            self._cache.loops.put(deployment)
            if isinstance(error, Conflict):  # the event that tells why is on its way
                raise Stale(f"{key}: {error}") from error
            raise
        self._cache.loops.remove(deployment)
        _logger.info("%s deleted, no task needs it", key)

    def _let_go(self, key: LoopKey) -> None:
        self._cache.loop_failures.pop(key, None)
        self._cache.settled.pop(key, None)
        self._prepared.discard(key)
