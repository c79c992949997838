"""Reads from the cluster for which due instants something has started."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jvscheduler.names import resource_name, scheduled_time_of
from jvscheduler_server.cluster.objects import NamespacedName, StartFailure, TaskCronJob, TaskKey
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.backends import cron_jobs_by_task
from jvscheduler_server.repair.due_instants.decide import TaskSnapshot


@dataclass(frozen=True)
class ClusterSnapshot:
    """The CronJobs by task, and the instants of Jobs by namespace and name of their task."""

    cron_jobs: Mapping[TaskKey, TaskCronJob]
    started: Mapping[NamespacedName, set[datetime]]
    active: Mapping[NamespacedName, set[datetime]]
    refusals: Mapping[NamespacedName, Sequence[StartFailure]]
    """Events by namespace and uid. One of another namespace is no proof: anybody may write it."""

    def of_task(self, key: TaskKey) -> TaskSnapshot:
        cron_job = self.cron_jobs.get(key)
        name = cron_job.name if cron_job else resource_name(key.task_id)
        return TaskSnapshot(
            key=key,
            name=name,
            cron_job=cron_job,
            started=self.started.get((key.namespace, name), set()),
            active=self.active.get((key.namespace, name), set()),
            refusals=self.refusals.get((key.namespace, cron_job.uid), ()) if cron_job else (),
        )


def take_snapshot(cluster: WatchedCluster) -> ClusterSnapshot:
    started: dict[NamespacedName, set[datetime]] = defaultdict(set)
    active: dict[NamespacedName, set[datetime]] = defaultdict(set)
    for job in [*cluster.jobs(), *cluster.open_jobs()]:
        time = scheduled_time_of(job.name, job.task_name)
        if time is not None:
            started[job.namespace, job.task_name].add(time)
            if not job.finished:
                active[job.namespace, job.task_name].add(time)
    # A pod may be kept here longer than its Job. Its outcome, once recorded, is the instant's
    # record; a record that nothing ran would come first and be false.
    for pod in [*cluster.pods(), *cluster.open_pods(), *cluster.deleted_pods()]:
        if pod.job.scheduled_time is not None:
            started[pod.namespace, pod.job.task_name].add(pod.job.scheduled_time)
    refusals: dict[NamespacedName, list[StartFailure]] = defaultdict(list)
    for failure in cluster.start_failures():
        refusals[failure.namespace, failure.object_uid].append(failure)
    return ClusterSnapshot(cron_jobs_by_task(cluster), started, active, refusals)
