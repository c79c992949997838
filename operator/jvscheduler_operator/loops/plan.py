"""The values of one pass over a loop: the gathered state and the plan."""

from dataclasses import dataclass

from jvscheduler_operator.objects.drift import LastApplied
from jvscheduler_operator.objects.manifests import LoopKey, Manifest


@dataclass(frozen=True)
class LoopState:
    """All that was gathered about one loop. Decisions look at nothing else."""

    key: LoopKey
    deployment: Manifest | None
    task: Manifest | None
    """One of the tasks whose spec asks for the loop. All of them ask for the same pod."""
    is_assigned: bool
    """True when the status of at least one task names the loop."""
    last_applied: LastApplied | None = None


@dataclass(frozen=True)
class LoopPlan:
    desired: Manifest | None = None
    """The Deployment as it should be; None when no task asks for it."""
    applies: bool = False
    deletes: bool = False
