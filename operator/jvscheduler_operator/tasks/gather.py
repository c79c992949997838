"""Reads what deciding needs: from the cache, and the one thing that is not in it.

Only CronJobs with our label are watched, so that a child absent from the cache
may still be there: someone else's, or ours with the label taken off. A task that
a loop serves has had its own seen off, and a foreign one does not matter.
"""

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.objects.manifests import Key, LoopKey, LoopState, State


async def gather(
    key: Key, cache: Cache, cluster: Cluster, database_url: str | None
) -> State | None:
    """None when there is no such task, or when it is being deleted with its children."""
    task = cache.tasks.get(key)
    if task is None or "deletionTimestamp" in task["metadata"]:
        return None
    child, ties = cache.children.get(key), cache.tasks.ties(key)
    if child is None and not (ties.wanted and ties.assigned):
        child = await cluster.cron_job(key)
    return State(
        task,
        child,
        cache.settled.get(key),
        database_url,
        loop=cache.loops.get(ties.wanted) if ties.wanted else None,
        loop_failure=cache.loop_failures.get(ties.wanted) if ties.wanted else None,
    )


def gather_loop(key: LoopKey, cache: Cache) -> LoopState:
    wanting = cache.tasks.wanting(key)
    return LoopState(
        key,
        cache.loops.get(key),
        cache.tasks.get(wanting[0]) if wanting else None,
        is_assigned=bool(cache.tasks.assigned(key)),
        settled=cache.settled.get(key),
    )
