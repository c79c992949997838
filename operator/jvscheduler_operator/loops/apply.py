"""Carries out a plan for a loop. The operator may be killed after any of these writes.

The next pass then repeats what is missing. Every write is an apply of the same
object or a deletion, so that repeating one does no harm.
"""

import logging

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.cluster.errors import Conflict, NotFound, Stale
from jvscheduler_operator.cluster.secrets import apply_secret
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.loops.plan import LoopState
from jvscheduler_operator.objects.drift import LastApplied, with_uid
from jvscheduler_operator.objects.failures import Failure
from jvscheduler_operator.objects.manifests import LoopKey, Manifest, loop_key_of
from jvscheduler_operator.settings import Settings

_logger = logging.getLogger(__name__)


class LoopApplier:
    """Writes to the cluster, and puts each answer into the cache."""

    def __init__(self, cache: Cache, cluster: Cluster, settings: Settings) -> None:
        self._cache = cache
        self._cluster = cluster
        self._settings = settings
        self._prepared: set[LoopKey] = set()

    async def prepare(self, key: LoopKey, desired: Manifest) -> Failure | None:
        """Write what the loop's pod needs: Secret, ServiceAccount and RoleBinding.

        These kinds are not watched, so they are written once for each loop, and again after
        `prepare_again`. Returns why the Secret failed, and raises when another one did.
        """
        if key in self._prepared:
            return None
        # Before the Deployment. A container that starts without the Secret does not see
        # one that is created later, and a loop without the database's address ends.
        # If the operator is killed between these writes, the next process makes all of
        # them again.
        # A refused Secret does not stop the loop: its template may name another database.
        failure = await self._apply_secret(key.namespace)
        for manifest in deployments.rights(desired):
            await self._cluster.apply_rights(manifest)
        if failure is None:
            self._prepared.add(key)
        return failure

    async def _apply_secret(self, namespace: str) -> Failure | None:
        secret = self._settings.database_secret_of(namespace)
        return None if secret is None else await apply_secret(self._cluster, secret)

    async def apply_deployment(self, state: LoopState, desired: Manifest) -> None:
        observed = state.deployment
        # Without force on one that is not ours: a user's fields must not be overwritten.
        is_ours = observed is not None and deployments.is_ours(observed)
        answer = await self._cluster.apply_loop(with_uid(desired, observed), force=is_ours)
        self._cache.loops.put(answer)
        self._cache.last_applied[state.key] = LastApplied.of(answer, desired)
        _logger.info("%s applied", state.key, extra=state.key.log_context)

    async def delete_deployment(self, deployment: Manifest) -> None:
        # Out of the cache before the request. Otherwise a task's pass could find the loop
        # available while the deletion is on its way, and give its task to a dying loop.
        key = loop_key_of(deployment)
        self._cache.loops.forget(key)
        try:
            await self._cluster.delete_loop(deployment)
        except NotFound:
            return
        except BaseException as error:
            # Perhaps the deletion never arrived. The loop is known again; if it is gone
            # after all, its watch event says so.
            self._cache.loops.put(deployment)
            if isinstance(error, Conflict):
                raise Stale(f"{key}: {error}") from error
            raise
        self._cache.loops.remove(deployment)
        _logger.info("%s deleted, no task needs it", key, extra=key.log_context)

    def prepare_again(self, *keys: LoopKey) -> None:
        """Let the next pass over these loops, or over each loop, write what its pod needs.

        Somebody may have deleted it.
        """
        self._prepared -= set(keys) if keys else set(self._prepared)

    def forget(self, key: LoopKey) -> None:
        """No task asks for the loop: prepare it anew when one does."""
        self._cache.last_applied.pop(key, None)
        self._prepared.discard(key)
