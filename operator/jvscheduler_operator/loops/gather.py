"""Gathers what a decision about one loop needs, all of it from the cache."""

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.loops.plan import LoopState
from jvscheduler_operator.objects.manifests import LoopKey


def gather(key: LoopKey, cache: Cache) -> LoopState:
    requesting = cache.tasks.requesting(key)
    return LoopState(
        key,
        cache.loops.get(key),
        cache.tasks.get(requesting[0]) if requesting else None,
        is_assigned=bool(cache.tasks.assigned(key)),
        last_applied=cache.last_applied.get(key),
    )
