"""Which backend carries a task: as its revisions say, and as the cluster shows it now."""

from collections.abc import Mapping
from typing import Final

from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler_server.cluster.objects import TaskCronJob, TaskKey
from jvscheduler_server.cluster.protocols import WatchedCluster

CRON_JOB: Final = "CronJob"
LOOP: Final = "Loop"


def is_carried_by_cron_job(revision: ScheduleRevision) -> bool:
    """True when, since this revision, a CronJob carries the task."""
    return revision.backend == CRON_JOB and not revision.removed


def is_served_by_loop(revision: ScheduleRevision) -> bool:
    """True when, since this revision, a loop serves the task."""
    return revision.backend == LOOP and not revision.removed


def cron_jobs_by_task(cluster: WatchedCluster) -> Mapping[TaskKey, TaskCronJob]:
    """Return the CronJob of each task that no loop serves.

    While a task moves to a loop its CronJob may exist for some time; the loop records its
    instants already. So may the CronJob of a task whose id an older one has; the older
    one's is meant.
    """
    tasks = cluster.tasks()
    by_loop = {task.key for task in tasks if task.backend == LOOP}
    conflicting = {(task.namespace, task.name) for task in tasks if task.is_conflicting}
    return {
        cron_job.key: cron_job
        for cron_job in cluster.cron_jobs()
        if cron_job.key not in by_loop and (cron_job.namespace, cron_job.name) not in conflicting
    }
