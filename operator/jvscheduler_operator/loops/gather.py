"""Gathers what a decision about one loop needs: from the cache, and its pods from the API."""

import logging

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.cluster.errors import Rejected
from jvscheduler_operator.loops.plan import LoopState
from jvscheduler_operator.objects.manifests import LoopKey
from jvscheduler_operator.objects.pods import (
    PodProblem,
    is_waiting_in_silence,
    newest,
    problem_of,
)
from jvscheduler_operator.objects.shapes import EVENT, POD, readable

_logger = logging.getLogger(__name__)


def gather(key: LoopKey, cache: Cache) -> LoopState:
    requesting = cache.tasks.requesting(key)
    return LoopState(
        key,
        cache.loops.get(key),
        cache.tasks.get(requesting[0]) if requesting else None,
        is_assigned=bool(cache.tasks.assigned(key)),
        last_applied=cache.last_applied.get(key),
    )


async def gather_problem(key: LoopKey, cluster: Cluster) -> PodProblem | None:
    """Return the problem of the loop's newest pod. Raises Unavailable."""
    try:
        pod = newest(readable(await cluster.loop_pods(key), POD))
        if pod is None:
            return None
        events = await cluster.events_of(pod) if is_waiting_in_silence(pod) else ()
        events = readable(events, EVENT)
    except Rejected as error:
        # Without the right to list pods the operator works on. Its conditions say less.
        _logger.warning("%s: its pods cannot be listed: %s", key, error)
        return None
    return problem_of(pod, events)
