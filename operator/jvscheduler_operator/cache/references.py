"""Which loops a task is tied to: the one that its spec asks for, and the one that serves it.

While they differ, both must be there; a Deployment that no task is tied to may go.
"""

from dataclasses import dataclass

from jvscheduler_operator.acceptance import Refused, accept
from jvscheduler_operator.objects.manifests import LoopKey, Manifest, assigned_loop


@dataclass(frozen=True)
class Ties:
    wanted: LoopKey | None = None
    assigned: LoopKey | None = None

    @property
    def loops(self) -> frozenset[LoopKey]:
        return frozenset({self.wanted, self.assigned} - {None})  # type: ignore[arg-type]


def ties_of(task: Manifest) -> Ties:
    """A refused spec asks for none, and one that is being deleted is tied to none."""
    if "deletionTimestamp" in task["metadata"]:
        return Ties()
    namespace, serving = task["metadata"]["namespace"], assigned_loop(task)
    return Ties(
        LoopKey(namespace, wanted) if (wanted := _wanted(task)) else None,
        LoopKey(namespace, serving) if serving else None,
    )


def _wanted(task: Manifest) -> str | None:
    try:
        return accept(task).loop
    except Refused:
        return None
