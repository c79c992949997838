"""Gathers what a decision about one task needs: from the cache, and one object from the API."""

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cache.references import LoopReferences
from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.objects.manifests import Key, Manifest, is_being_deleted
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.plan import State


async def gather(key: Key, cache: Cache, cluster: Cluster, settings: Settings) -> State | None:
    """None when there is no such task, or when it is being deleted."""
    task = cache.tasks.get(key)
    if task is None or is_being_deleted(task):
        return None
    cron_job, references = cache.cron_jobs.get(key), cache.tasks.references(key)
    # Only CronJobs with our label are watched. One that the cache does not have may
    # still exist: someone else's, or ours with its label removed. If we took someone
    # else's for absent, we would apply ours over it.
    # A task on its loop needs no such request: its own CronJob was removed, and
    # someone else's does not matter.
    if cron_job is None and not (references.requested and references.assigned):
        cron_job = await cluster.cron_job(key)
    return State(
        task,
        cron_job,
        cache.last_applied.get(key),
        settings.database_secret_of(key.namespace),
        cache.loop_readiness(references.requested),
        _other_loop(cache, references),
        cache.tasks.elder(key),
        settings.template_policy,
        cache.history_failures.get(key.namespace),
        settings.log,
    )


def _other_loop(cache: Cache, references: LoopReferences) -> Manifest | None:
    """The loop that serves the task until the one that its spec asks for can."""
    if references.assigned is None or references.assigned == references.requested:
        return None
    return cache.loops.get(references.assigned)
