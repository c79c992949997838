"""Which keys to look at when another has changed: tasks and their loops.

A loop waits for tasks to ask for it and to leave it; tasks wait for their loop
to be available.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.loops.deployments import Standing
from jvscheduler_operator.objects.manifests import Key, LoopKey


@dataclass(frozen=True)
class Facts:
    """What its neighbours have to know of a key."""

    loops: Set[LoopKey] = frozenset()
    """Of a task: those that it is tied to."""
    standing: Standing | None = None
    failure: str | None = None


def facts(cache: Cache, key: Key) -> Facts:
    if isinstance(key, LoopKey):
        standing = deployments.standing(cache.loops.get(key))
        return Facts(standing=standing, failure=cache.loop_failures.get(key))
    return Facts(cache.tasks.ties(key).loops)


def concerned(cache: Cache, key: Key, before: Facts) -> Iterable[Key]:
    """Those that the change since then concerns."""
    after = facts(cache, key)
    if not isinstance(key, LoopKey):
        return before.loops ^ after.loops
    if before == after:
        return ()
    return {*cache.tasks.wanting(key), *cache.tasks.assigned(key)}
