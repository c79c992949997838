"""The last known state of tasks and their CronJobs.

Three sources write here: watch events, lists, and the answers to our own
writes. The last come before their watch events do, and an answer may be
overtaken by a later event: whoever brings the higher resource version wins,
also against a deletion. Without that every write would be made twice.
"""

from collections.abc import Iterable, Iterator, Sequence

from jvscheduler_operator.state import Key, Manifest, Settled, key_of, version_of


class Shelf:
    """Objects of one kind. A deletion is remembered until the key is forgotten."""

    def __init__(self) -> None:
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
        key, version = key_of(manifest), version_of(manifest)
        if version <= self._versions.get(key, 0):
            return False
        self._objects[key] = _without_managed_fields(manifest)
        self._versions[key] = version
        return True

    def remove(self, manifest: Manifest) -> bool:
        """False when something newer is known."""
        key, version = key_of(manifest), version_of(manifest)
        if version < self._versions.get(key, 0):
            return False
        self._objects.pop(key, None)
        self._versions[key] = version
        return True

    def forget(self, key: Key) -> None:
        """Know nothing of the key, not even that it was deleted."""
        self._objects.pop(key, None)
        self._versions.pop(key, None)

    def replace(self, manifests: Iterable[Manifest], version: int) -> Sequence[Key]:
        """Take over a list made at a version; returns the keys that changed or went."""
        listed = {key_of(manifest): manifest for manifest in manifests}
        gone = [k for k in self._objects if k not in listed and self._versions[k] <= version]
        for key in gone:
            del self._objects[key]
            self._versions[key] = version
        newer = [k for k, m in listed.items() if version_of(m) > self._versions.get(k, 0)]
        for key in newer:
            self.put(listed[key])
        return gone + newer


class Cache:
    def __init__(self) -> None:
        self.tasks = Shelf()
        self.children = Shelf()
        self.settled: dict[Key, Settled] = {}

    def forget(self, key: Key) -> None:
        self.tasks.forget(key)
        self.children.forget(key)
        self.settled.pop(key, None)


def _without_managed_fields(manifest: Manifest) -> Manifest:
    metadata = {k: v for k, v in manifest["metadata"].items() if k != "managedFields"}
    return {**manifest, "metadata": metadata}
