"""Jobs that the history takes for unfinished and that the cluster knows to be over.

Pure. It finds what happened while nobody looked: the server was away, the
history had lost its last write, the Job was deleted between two attempts.

Absence of a pod counts only in a synced cache, and only a while after the
record's last sign of life, so that a watch that lags closes no living run. A
loop's job has no pod: it lives as long as its loop says so, which cannot be
heard while the history is away.
A record whose attempts ran on no node and whose namespace is that of
`jvscheduler dev` is not this cluster's; dev watches over its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.attempts import Attempt, attempts_of
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.merge import outcome_of
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler_server.cluster.local import LOCAL_NAMESPACE
from jvscheduler_server.cluster.objects import KubernetesJob, TaskPod
from jvscheduler_server.repair.attempts.pod_rules import Verdict, deleted, outcome, repair

GRACE: Final = timedelta(seconds=60)
LOOP_GRACE: Final = timedelta(minutes=15)
"""A loop makes its retries itself, the last after six to nine minutes; so long without one, no loop
serves the task any more."""


@dataclass(frozen=True)
class Seen:
    """The cluster at one moment, arranged for questions about a job."""

    pods: Mapping[tuple[str, str], TaskPod]
    jobs: Mapping[tuple[str, str], KubernetesJob]
    living_jobs: frozenset[str]


def seen(pods: Sequence[TaskPod], jobs: Iterable[KubernetesJob]) -> Seen:
    return Seen(
        pods={(pod.namespace, pod.name): pod for pod in pods},
        jobs={(job.namespace, job.name): job for job in jobs},
        living_jobs=frozenset(pod.job.id for pod in pods if not (pod.finished or pod.deleted)),
    )


def closings(
    unfinished: Iterable[ScheduledJob], cluster: Seen, now: datetime, heard_since: datetime
) -> list[Outcome]:
    """The ends of attempts that are open in the history and over in the cluster.

    `heard_since`: from then on the history has taken what loops say.
    """
    found = (
        closing(job, attempt, cluster, now, heard_since)
        for job in unfinished
        if is_of_cluster(job)
        for attempt in attempts_of(job)
        if not attempt.is_final
    )
    return [outcome for outcome in found if outcome is not None]


def closing(
    job: ScheduledJob, attempt: Attempt, cluster: Seen, now: datetime, heard_since: datetime
) -> Outcome | None:
    pod = cluster.pods.get((job.namespace, attempt.attempt_id))
    if pod is not None:
        return _told_by_pod(pod, now)
    sign = last_sign_of_life(job, attempt)
    if now - (sign if job.loop is None else max(sign, heard_since)) < GRACE:
        return None
    return _runner_lost(job, attempt, now)


def givings_up(
    unfinished: Iterable[ScheduledJob], cluster: Seen, now: datetime, heard_since: datetime
) -> list[Outcome]:
    """Of jobs that await a retry which Kubernetes will not make: each its last attempt's end."""
    return [
        _last_end(job)
        for job in unfinished
        if job.status is Status.PENDING
        and is_of_cluster(job)
        and is_given_up(job, cluster, now, heard_since)
    ]


def is_given_up(job: ScheduledJob, cluster: Seen, now: datetime, heard_since: datetime) -> bool:
    """Its Job has finished or is gone. One that retries has no pod for up to six minutes, and a
    loop's job has none at all."""
    ended = attempts_of(job)[-1].last_time
    if job.loop is not None:
        return now - max(ended, heard_since) >= LOOP_GRACE
    since = now - ended
    kubernetes_job = cluster.jobs.get((job.namespace, job.kubernetes_job))
    if job.id in cluster.living_jobs or (kubernetes_job and not kubernetes_job.finished):
        return False
    return since >= GRACE


def is_of_cluster(job: ScheduledJob) -> bool:
    on_node = any(attempt.node_name for attempt in attempts_of(job))
    return on_node or job.namespace != LOCAL_NAMESPACE


def last_sign_of_life(job: ScheduledJob, attempt: Attempt) -> datetime:
    """Heartbeats are the newest attempt's."""
    if job.heartbeat_time is None or attempt != attempts_of(job)[-1]:
        return attempt.start_time
    return max(attempt.start_time, job.heartbeat_time)


def _told_by_pod(pod: TaskPod, now: datetime) -> Outcome | None:
    """Also what the history should have by the runner's word: here it has not."""
    if not pod.finished and not pod.deleted:
        return None
    if pod.reported is not None:
        return pod.reported
    return repair(pod, now) or outcome(pod, _ended_well(pod), now)


def _ended_well(pod: TaskPod) -> Verdict:
    """Its container, not its job, which is still open in the history."""
    if pod.was_ended_by_deletion:
        return deleted(pod)
    text = f"the container ended with exit code {pod.exit_code} and told no outcome"
    return Verdict(Reason.CONTAINER_FAILED, text)


def _runner_lost(job: ScheduledJob, attempt: Attempt, now: datetime) -> Outcome:
    return replace(
        outcome_of(job, attempt),
        status=Status.FAILED,
        completion_time=now,
        reason=Reason.RUNNER_LOST,
        error_message=f"the pod {attempt.attempt_id} disappeared without a word",
    )


def _last_end(job: ScheduledJob) -> Outcome:
    last = attempts_of(job)[-1]
    return replace(
        outcome_of(job, last),
        completion_time=last.last_time,
        reason=last.reason,
        error_message=last.error_message,
        is_last=True,
    )
