"""Which keys to reconcile when another one has changed.

A loop depends on its tasks: it is created when the first one asks for it, and
deleted when the last one has left it. A task depends on its loop: it waits until
the loop is available. It reports when its namespace's part of the history is not made.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.objects.manifests import Key, LoopKey, NamespaceKey
from jvscheduler_operator.objects.readiness import LoopReadiness


@dataclass(frozen=True)
class KeySnapshot:
    """The facts about a key that other keys depend on, as they are at one moment."""

    loops: Set[LoopKey] = frozenset()
    """The loops that a task refers to."""
    readiness: LoopReadiness | None = None
    """The readiness of a loop."""
    history_failure: str | None = None
    """Why a namespace's part of the history could not be made."""


def snapshot(cache: Cache, key: Key) -> KeySnapshot:
    if isinstance(key, LoopKey):
        return KeySnapshot(readiness=cache.loop_readiness(key))
    if isinstance(key, NamespaceKey):
        return KeySnapshot(history_failure=cache.history_failures.get(key.namespace))
    return KeySnapshot(cache.tasks.references(key).loops)


def dependents(cache: Cache, key: Key, before: KeySnapshot) -> Iterable[Key]:
    """The keys that depend on what has changed since `before`."""
    after = snapshot(cache, key)
    if isinstance(key, NamespaceKey):
        # All tasks are looked through, because an index would cost memory for each task and
        # this changes seldom.
        is_news = before != after
        return [task for task in cache.tasks if is_news and task.namespace == key.namespace]
    if not isinstance(key, LoopKey):
        return before.loops ^ after.loops
    if before == after:
        return ()
    return {*cache.tasks.requesting(key), *cache.tasks.assigned(key)}
