"""Acts on a plan. Order matters: a kill after any call must leave nothing wrong.

The Secret first, so that the first job finds it; the anchor before the change
that needs it. Whatever was done is found done by the next attempt.
"""

import logging

from jvscheduler_operator.cluster.client import Cluster, Conflict, Rejected
from jvscheduler_operator.objects.manifests import Manifest, State, version_of
from jvscheduler_operator.tasks import cron_jobs
from jvscheduler_operator.tasks.plan import Applied, Change, Plan

_logger = logging.getLogger(__name__)


async def apply_secret(cluster: Cluster, secret: Manifest | None) -> bool:
    """Whether the namespace's Secret is settled; a user's own one of that name is."""
    if secret is None:
        return True
    namespace = secret["metadata"]["namespace"]
    try:
        await cluster.apply_secret(secret)
    except Conflict:
        _logger.info("The database Secret of namespace %s is a user's own", namespace)
    except Rejected as error:
        _logger.warning("The database Secret of namespace %s: %s", namespace, error)
        return False
    return True


async def apply_cron_job(cluster: Cluster, plan: Plan, state: State) -> Applied:
    """Raises Unavailable, and Conflict when the CronJob is not the one that was gathered."""
    ours = _ours(state)
    if plan.cron_job is None:
        return Applied(child=ours)
    try:
        if plan.anchor is not None:
            ours = await cluster.patch_cron_job_status(state.key, plan.anchor)
        child = await cluster.apply_cron_job(plan.cron_job, force=ours is not None)
    except Conflict:
        raise
    except Rejected as error:
        return Applied(child=ours, failure=f"The CronJob could not be applied: {error}")
    return Applied(child, change=_change(ours, child))


def _ours(state: State) -> Manifest | None:
    if state.child is not None and cron_jobs.is_controlled_by(state.child, state.task):
        return state.child
    return None


def _change(before: Manifest | None, after: Manifest) -> Change | None:
    if before is None:
        return Change.CREATED
    return Change.UPDATED if version_of(after) != version_of(before) else None
