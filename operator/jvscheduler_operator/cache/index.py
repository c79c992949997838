"""Objects of one kind by key, each in the newest version that we have seen.

Three sources write here: watch events, lists, and the answers to our own writes.
They may come in any order, so the higher resource version wins, also against a
deletion. If an old watch event replaced the answer to a newer write, the next
pass would write the same again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from jvscheduler_operator.cache.references import LoopReferences, references_of
from jvscheduler_operator.cache.task_ids import TaskIds
from jvscheduler_operator.objects.manifests import Key, LoopKey, Manifest, key_of, version_of
from jvscheduler_operator.objects.shapes import is_readable
from jvscheduler_operator.template_policy.policy import DEFAULT_POLICY, TemplatePolicy


class ObjectIndex:
    """It remembers the version of a deletion until the key is forgotten."""

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
        """True when the object was not known in this version or a newer one."""
        key, version = self._key_of(manifest), version_of(manifest)
        if version <= self._versions.get(key, 0):
            return False
        self._set(key, _without_managed_fields(manifest))
        self._versions[key] = version
        return True

    def remove(self, manifest: Manifest) -> bool:
        """True when no newer version of the object was known."""
        key, version = self._key_of(manifest), version_of(manifest)
        if version < self._versions.get(key, 0):
            return False
        self._drop(key)
        # The answer to a write that we made before the deletion may come after it.
        # Without this version it would bring the deleted object back.
        self._versions[key] = version
        return True

    def forget(self, key: Key) -> None:
        """Drop the object and its version: the next report is believed, however old it is."""
        self._drop(key)
        self._versions.pop(key, None)

    def replace(self, manifests: Iterable[Manifest], version: int) -> Sequence[Key]:
        """Take over a list made at this version; returns the keys that changed or are gone."""
        readable = (manifest for manifest in manifests if is_readable(manifest))
        listed = {self._key_of(manifest): manifest for manifest in readable}
        # An object that is missing in the list but newer than it was created since.
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


class TaskIndex(ObjectIndex):
    """Tasks by key, and by the loops that they refer to."""

    def __init__(self, policy: TemplatePolicy = DEFAULT_POLICY) -> None:
        super().__init__()
        self._policy = policy
        self._references: dict[Key, LoopReferences] = {}
        self._requesting: dict[LoopKey, dict[Key, None]] = {}
        self._assigned: dict[LoopKey, dict[Key, None]] = {}
        self._task_ids = TaskIds(self.get)
        self._namespaces: Counter[str] = Counter()

    def has_tasks_in(self, namespace: str) -> bool:
        return self._namespaces[namespace] > 0

    def elder(self, key: Key) -> Key | None:
        """The task that has this one's taskID; None when this one has it."""
        return self._task_ids.elders.get(key)

    def take_changed_elders(self) -> set[Key]:
        """The tasks whose `elder` is another one since the last call."""
        return self._task_ids.take_changed()

    def references(self, key: Key) -> LoopReferences:
        return self._references.get(key, LoopReferences())

    def requesting(self, loop: LoopKey) -> Sequence[Key]:
        """Tasks that may run and whose spec asks for this loop, the longest known first."""
        return tuple(k for k in self._requesting.get(loop, ()) if self.elder(k) is None)

    def assigned(self, loop: LoopKey) -> Sequence[Key]:
        """Tasks whose status names this loop."""
        return tuple(self._assigned.get(loop, ()))

    def _set(self, key: Key, manifest: Manifest) -> None:
        self._refer(key, references_of(manifest, self._policy))
        before = self.get(key)
        super()._set(key, manifest)
        self._task_ids.move(key, before, manifest)
        if before is None:
            self._namespaces[key.namespace] += 1

    def _drop(self, key: Key) -> None:
        self._refer(key, LoopReferences())
        before = self.get(key)
        super()._drop(key)
        self._task_ids.move(key, before, None)
        if before is not None:
            self._namespaces[key.namespace] -= 1

    def _refer(self, key: Key, after: LoopReferences) -> None:
        before = self._references.pop(key, LoopReferences())
        if after != LoopReferences():
            self._references[key] = after
        _move(self._requesting, key, before.requested, after.requested)
        _move(self._assigned, key, before.assigned, after.assigned)


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
    # They are most of an object's bytes, and nothing here is decided by them.
    metadata = {k: v for k, v in manifest["metadata"].items() if k != "managedFields"}
    return {**manifest, "metadata": metadata}
