"""Decides what is to be done about one loop's Deployment. Pure: no client, no clock, no logger.

The Deployment exists while the spec of a task asks for it, or the status of a task
names it.
"""

from jvscheduler_operator.acceptance import spec_of
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.loops.plan import LoopPlan, LoopState
from jvscheduler_operator.objects.drift import has_drifted
from jvscheduler_operator.objects.manifests import is_being_deleted
from jvscheduler_operator.pod_templates.loops import LoopContainer


def decide(state: LoopState, container: LoopContainer) -> LoopPlan:
    # A Deployment that is being deleted can be neither repaired nor deleted again. The
    # event of its end brings the next pass, which creates a new one if a task needs it.
    is_terminating = state.deployment is not None and is_being_deleted(state.deployment)
    if state.task is None:
        return LoopPlan(deletes=_is_orphan(state) and not is_terminating)
    desired = deployments.build(state.key.namespace, spec_of(state.task), container)
    drifted = has_drifted(state.deployment, desired, state.last_applied)
    return LoopPlan(desired, applies=drifted and not is_terminating)


def _is_orphan(state: LoopState) -> bool:
    # The loop takes its orders from the status of tasks. Deleted while a status names
    # it, it would leave that task without a job at every due instant until the new
    # loop is available.
    is_ours = state.deployment is not None and deployments.is_ours(state.deployment)
    return is_ours and not state.is_assigned
