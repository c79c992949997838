"""Which task has a taskID, when several tasks of a namespace say the same one.

The history is keyed by the id. If two of them ran, one would claim the jobs of the other.
So only the eldest runs, until it is gone.
"""

from collections.abc import Callable, Mapping

from jvscheduler_operator.objects.manifests import Key, Manifest, is_being_deleted

_NOBODY: tuple[Key, ...] = ()


class TaskIds:
    """`get` gives the present manifest of a task in the index that this belongs to."""

    def __init__(self, get: Callable[[Key], Manifest | None]) -> None:
        self._get = get
        self._claimants: dict[str, tuple[Key, ...]] = {}
        self._elders: dict[Key, Key] = {}
        self._changed: set[Key] = set()

    @property
    def elders(self) -> Mapping[Key, Key]:
        """For each task whose taskID another one has: the other one."""
        return self._elders

    def take_changed(self) -> set[Key]:
        """The tasks that have lost their taskID or got it since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def move(self, key: Key, before: Manifest | None, after: Manifest | None) -> None:
        """To be called when the index holds `after` in place of `before`."""
        old, new = _id_of(before), _id_of(after)
        if old != new and old is not None:
            self._set(old, tuple(k for k in self._claimants.get(old, _NOBODY) if k != key))
            self._set_elder(key, None)
        if new is not None:
            others = tuple(k for k in self._claimants.get(new, _NOBODY) if k != key)
            self._set(new, (*others, key))

    def _set(self, task_id: str, claimants: tuple[Key, ...]) -> None:
        if not claimants:
            self._claimants.pop(task_id, None)
            return
        self._claimants[task_id] = claimants
        eldest = min(claimants, key=self._age) if len(claimants) > 1 else claimants[0]
        for key in claimants:
            self._set_elder(key, eldest if key != eldest else None)

    def _set_elder(self, key: Key, elder: Key | None) -> None:
        if self._elders.get(key) == elder:
            return
        self._changed.add(key)
        if elder is None:
            del self._elders[key]
        else:
            self._elders[key] = elder

    def _age(self, key: Key) -> tuple[str, str]:
        metadata = (self._get(key) or {}).get("metadata", {})
        # Both texts have a fixed form, so that their order is that of times.
        return metadata.get("creationTimestamp", ""), metadata.get("uid", "")


def _id_of(task: Manifest | None) -> str | None:
    """The id within the whole cluster. A task that is being deleted has given up its own."""
    if task is None or is_being_deleted(task):
        return None
    task_id = task.get("spec", {}).get("taskID")
    return None if task_id is None else f"{task['metadata']['namespace']}/{task_id}"
