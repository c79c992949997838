"""What is to be done about one loop's Deployment. Pure.

It is there while a task asks for it, and stays while a task's status names it:
the loop takes that for its orders.
"""

from dataclasses import dataclass

from jvscheduler_operator.acceptance import accept
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.objects.manifests import LoopState, Manifest
from jvscheduler_operator.pod_templates.loops import LoopImage
from jvscheduler_operator.tasks import policies


@dataclass(frozen=True)
class LoopPlan:
    desired: Manifest | None = None
    """None: no task asks for it."""
    applies: bool = False
    deletes: bool = False


def decide_loop(state: LoopState, image: LoopImage) -> LoopPlan:
    is_going = "deletionTimestamp" in (state.deployment or {"metadata": {}})["metadata"]
    if state.task is None:
        return LoopPlan(deletes=_is_orphan(state) and not is_going)
    desired = deployments.build(state.key.namespace, accept(state.task).spec, image)
    changes = policies.must_apply(state.deployment, desired, state.settled)
    return LoopPlan(desired, applies=changes and not is_going)


def _is_orphan(state: LoopState) -> bool:
    is_there = state.deployment is not None and deployments.is_ours(state.deployment)
    return is_there and not state.is_assigned
