"""The last known state of tasks, their CronJobs and loops.

Three sources write here: watch events, lists, and the answers to our own
writes. The last come before their watch events do, and an answer may be
overtaken by a later event: whoever brings the higher resource version wins,
also against a deletion. Without that every write would be made twice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from jvscheduler_operator.cache.references import Ties, ties_of
from jvscheduler_operator.objects.manifests import (
    Key,
    LoopKey,
    Manifest,
    Settled,
    key_of,
    loop_key_of,
    version_of,
)


class Shelf:
    """Objects of one kind. A deletion is remembered until the key is forgotten."""

    def __init__(self, key_of: Callable[[Manifest], Key] = key_of) -> None:
        self._key_of = key_of
        self._objects: dict[Key, Manifest] = {}
        self._versions: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._objects)

    def get(self, key: Key) -> Manifest | None:
        return self._objects.get(key)

    def put(self, manifest: Manifest) -> bool:
        """False when that version or a newer one is known."""
        key, version = self._key_of(manifest), version_of(manifest)
        if version <= self._versions.get(key, 0):
            return False
        self._set(key, _without_managed_fields(manifest))
        self._versions[key] = version
        return True

    def remove(self, manifest: Manifest) -> bool:
        """False when something newer is known."""
        key, version = self._key_of(manifest), version_of(manifest)
        if version < self._versions.get(key, 0):
            return False
        self._drop(key)
        self._versions[key] = version
        return True

    def forget(self, key: Key) -> None:
        """Know nothing of the key, not even that it was deleted."""
        self._drop(key)
        self._versions.pop(key, None)

    def replace(self, manifests: Iterable[Manifest], version: int) -> Sequence[Key]:
        """Take over a list made at a version; returns the keys that changed or went."""
        listed = {self._key_of(manifest): manifest for manifest in manifests}
        gone = [k for k in self._objects if k not in listed and self._versions[k] <= version]
        for key in gone:
            self._drop(key)
            self._versions[key] = version
        newer = [k for k, m in listed.items() if version_of(m) > self._versions.get(k, 0)]
        for key in newer:
            self.put(listed[key])
        return gone + newer

    def _set(self, key: Key, manifest: Manifest) -> None:
        self._objects[key] = manifest

    def _drop(self, key: Key) -> None:
        self._objects.pop(key, None)


class TaskShelf(Shelf):
    """Tasks, also found by the loop that they are tied to."""

    def __init__(self) -> None:
        super().__init__()
        self._ties: dict[Key, Ties] = {}
        self._wanting: dict[LoopKey, dict[Key, None]] = {}
        self._assigned: dict[LoopKey, dict[Key, None]] = {}

    def ties(self, key: Key) -> Ties:
        return self._ties.get(key, Ties())

    def wanting(self, loop: LoopKey) -> Sequence[Key]:
        """Tasks whose spec asks for it, oldest knowledge first."""
        return tuple(self._wanting.get(loop, ()))

    def assigned(self, loop: LoopKey) -> Sequence[Key]:
        """Tasks whose status names it."""
        return tuple(self._assigned.get(loop, ()))

    def _set(self, key: Key, manifest: Manifest) -> None:
        self._tie(key, ties_of(manifest))
        super()._set(key, manifest)

    def _drop(self, key: Key) -> None:
        self._tie(key, Ties())
        super()._drop(key)

    def _tie(self, key: Key, ties: Ties) -> None:
        before = self._ties.pop(key, Ties())
        if ties != Ties():
            self._ties[key] = ties
        _move(self._wanting, key, before.wanted, ties.wanted)
        _move(self._assigned, key, before.assigned, ties.assigned)


class Cache:
    def __init__(self) -> None:
        self.tasks = TaskShelf()
        self.children = Shelf()
        self.loops = Shelf(loop_key_of)
        self.settled: dict[Key, Settled] = {}
        self.loop_failures: dict[LoopKey, str] = {}

    def forget(self, key: Key) -> None:
        self.tasks.forget(key)
        self.children.forget(key)
        self.settled.pop(key, None)


def _move(
    index: dict[LoopKey, dict[Key, None]], key: Key, old: LoopKey | None, new: LoopKey | None
) -> None:
    if old == new:
        return
    if old is not None:
        index[old].pop(key)
        if not index[old]:
            del index[old]
    if new is not None:
        index.setdefault(new, {})[key] = None


def _without_managed_fields(manifest: Manifest) -> Manifest:
    metadata = {k: v for k, v in manifest["metadata"].items() if k != "managedFields"}
    return {**manifest, "metadata": metadata}
