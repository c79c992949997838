"""Reads what deciding needs: from the cache, and the one thing that is not in it.

Only CronJobs with our label are watched, so that a child absent from the cache
may still be there: someone else's, or ours with the label taken off.
"""

from jvscheduler_operator.cache import Cache
from jvscheduler_operator.cluster import Cluster
from jvscheduler_operator.state import Key, State


async def gather(
    key: Key, cache: Cache, cluster: Cluster, database_url: str | None
) -> State | None:
    """None when there is no such task, or when it is being deleted with its children."""
    task = cache.tasks.get(key)
    if task is None or "deletionTimestamp" in task["metadata"]:
        return None
    child = cache.children.get(key)
    if child is None:
        child = await cluster.cron_job(key)
    return State(task, child, cache.settled.get(key), database_url)
