"""One pass over one loop: gather, decide, apply.

A failure goes into the cache. The passes of the loop's tasks write it into their
status.
"""

import re
from datetime import timedelta
from typing import Final

from jvscheduler import names
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.cluster.errors import Conflict, Rejected, Stale, Unavailable
from jvscheduler_operator.loops.apply import LoopApplier
from jvscheduler_operator.loops.decide import decide
from jvscheduler_operator.loops.deployments import is_ours
from jvscheduler_operator.loops.gather import gather, gather_problem
from jvscheduler_operator.loops.plan import LoopPlan, LoopState
from jvscheduler_operator.objects.failures import Failure
from jvscheduler_operator.objects.manifests import LoopKey
from jvscheduler_operator.settings import Settings

_RETRY_REFUSED: Final = timedelta(minutes=1)
"""After a refusal by the API server. A quota or an admission webhook may change without an
event that we watch."""

_FIRST_LOOK: Final = timedelta(seconds=2)
_LONGEST_LOOK: Final = timedelta(minutes=1)
"""The shortest and the longest pause between two looks at the pods of a loop that is not available.
The pause doubles each time, so that a thousand loops with a wrong image cost no more than a few
requests a second."""


_NO_ACCOUNT: Final = re.compile(f'serviceaccount "{names.LOOP_ACCOUNT}" not found')
"""The API server's words about a pod whose service account somebody deleted."""


class LoopReconciler:
    def __init__(self, cache: Cache, cluster: Cluster, settings: Settings) -> None:
        self._cache = cache
        self._settings = settings
        self._cluster = cluster
        self._applier = LoopApplier(cache, cluster, settings)
        self._pauses: dict[LoopKey, timedelta] = {}
        """For each loop that is not available, the pause before the next look at its pods."""

    async def reconcile(self, key: LoopKey) -> timedelta | None:
        """Returns when to look again; None when an event comes first. Raises TemporaryError."""
        state = gather(key, self._cache)
        plan = decide(state, self._settings.loop_container_of(key.namespace))
        if plan.deletes and state.deployment is not None:
            await self._applier.delete_deployment(state.deployment)
        if plan.desired is None:
            self._applier.forget(key)
        failure = await self._apply(state, plan)
        if failure is None:
            self._cache.loop_failures.pop(key, None)
            return await self._look_at_pods(key)
        self._cache.loop_failures[key] = failure.message
        if failure.temporary is not None:
            raise failure.temporary
        return _RETRY_REFUSED

    def restore_rights(self) -> None:
        """Let the next pass over each loop write its service account and its rights again."""
        self._applier.prepare_again()

    async def _look_at_pods(self, key: LoopKey) -> timedelta | None:
        """Put into the cache why a loop does not come up. Returns when to look again."""
        if self._cache.loops.get(key) is None or self._cache.loop_readiness(key).is_available:
            self._cache.loop_problems.pop(key, None)
            self._pauses.pop(key, None)
            return None
        if _NO_ACCOUNT.search(self._cache.loop_readiness(key).message):
            self._applier.prepare_again(key)
        problem = await gather_problem(key, self._cluster)
        if problem is None:
            self._cache.loop_problems.pop(key, None)
        else:
            self._cache.loop_problems[key] = problem
        pause = self._pauses.get(key, _FIRST_LOOK)
        self._pauses[key] = min(pause * 2, _LONGEST_LOOK)
        return pause

    async def _apply(self, state: LoopState, plan: LoopPlan) -> Failure | None:
        if plan.desired is None:
            return None
        what = f"The Deployment {state.key.name} could not be applied"
        try:
            failure = await self._applier.prepare(state.key, plan.desired)
            if plan.applies:
                await self._applier.apply_deployment(state, plan.desired)
        except Conflict as error:
            # A conflict over a Deployment that we did not know, or that is not ours: someone
            # else's has the name. Over our own: it has changed, and its event is coming.
            if state.deployment is None or not is_ours(state.deployment):
                return Failure.of(what, error)
            raise Stale(f"{state.key}: {error}") from error
        except (Rejected, Unavailable) as error:
            return Failure.of(what, error)
        return failure
