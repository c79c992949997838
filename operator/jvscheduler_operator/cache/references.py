"""The loops that a task refers to: the one that its spec asks for and the one that serves it.

While they differ, both must exist. A Deployment that no task refers to may be
deleted.
"""

import logging
from dataclasses import dataclass
from typing import Final

from jvscheduler.edge.set_aside import SetAside
from jvscheduler_operator.acceptance import Refused, accept
from jvscheduler_operator.objects.manifests import (
    LoopKey,
    Manifest,
    assigned_loop,
    is_being_deleted,
)
from jvscheduler_operator.template_policy.policy import TemplatePolicy

_set_aside: Final = SetAside("tasks", logging.getLogger(__name__).warning)


@dataclass(frozen=True)
class LoopReferences:
    requested: LoopKey | None = None
    """The spec asks for this loop. A refused spec asks for none."""
    assigned: LoopKey | None = None
    """The status names this loop as the one that serves the task."""

    @property
    def loops(self) -> frozenset[LoopKey]:
        return frozenset({self.requested, self.assigned} - {None})  # type: ignore[arg-type]


def references_of(task: Manifest, policy: TemplatePolicy) -> LoopReferences:
    # A task that is being deleted starts no more jobs. If it kept its loop, the
    # Deployment would stay for as long as someone's finalizer keeps the task.
    if is_being_deleted(task):
        return LoopReferences()
    namespace = task["metadata"]["namespace"]
    requested, assigned = _requested_loop(task, policy), assigned_loop(task)
    return LoopReferences(
        LoopKey(namespace, requested) if requested else None,
        LoopKey(namespace, assigned) if assigned else None,
    )


def _requested_loop(task: Manifest, policy: TemplatePolicy) -> str | None:
    try:
        return accept(task, policy).loop
    except Refused:
        return None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is about this task
        # The cache holds the tasks of all: one that we cannot judge must not keep it from the
        # others. The pass over this task fails again, and is repeated.
        metadata = task["metadata"]
        _set_aside.add(f"{metadata['namespace']}/{metadata['name']}", repr(error))
        return None
