"""Decides which unfinished jobs of the history are over in the cluster. Pure.

It finds what no pod reports: the server was away, the database lost its last write, or the Job
was deleted between two attempts.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.attempts import AttemptRecord, attempts_of
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.merge import outcome_of
from jvscheduler.history.records.unstarted import is_unstarted
from jvscheduler.names import LOCAL_NAMESPACE
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler_server.cluster.objects import TaskPod
from jvscheduler_server.repair.attempts.decide_pods import build_outcome
from jvscheduler_server.repair.attempts.gather import ClusterSnapshot
from jvscheduler_server.repair.attempts.rules import ending_of_open_attempt

GRACE: Final = timedelta(seconds=60)
"""An attempt without a pod is lost this long after its last sign of life, not before: a watch that
lags behind must not end attempts that run."""

LOOP_GRACE: Final = timedelta(minutes=15)
"""A job of a loop that waits for a retry is given up after this long. A loop starts its last
retry six to nine minutes after the attempt before."""


def end_open_attempts(
    unfinished: Iterable[ScheduledJob], snapshot: ClusterSnapshot
) -> list[Outcome]:
    """Return the end of each attempt that is open in the history and over in the cluster."""
    outcomes = (
        _end_of(job, attempt, snapshot)
        for job in unfinished
        if is_of_cluster(job)
        for attempt in attempts_of(job)
        if not attempt.is_final
    )
    return [outcome for outcome in outcomes if outcome is not None]


def give_up_retries(unfinished: Iterable[ScheduledJob], snapshot: ClusterSnapshot) -> list[Outcome]:
    """Return the last attempt's end for each job whose next attempt will never come."""
    return [
        _final_outcome(job)
        for job in unfinished
        if job.status is Status.PENDING and is_of_cluster(job) and _gets_no_retry(job, snapshot)
    ]


def is_of_cluster(job: ScheduledJob) -> bool:
    """True when the job ran in this cluster.

    False for a job of `jvscheduler dev`: it ran on no node, and `dev` ends its own jobs.
    """
    on_node = any(attempt.node_name for attempt in attempts_of(job))
    return on_node or job.namespace != LOCAL_NAMESPACE


def _end_of(job: ScheduledJob, attempt: AttemptRecord, snapshot: ClusterSnapshot) -> Outcome | None:
    name = (job.namespace, attempt.attempt_id)
    pod = snapshot.pods.get(name)
    # Somebody's own pod may have the name of an attempt, and is of another job.
    if pod is not None and pod.job.id == job.id:
        return _end_of_pod(pod, snapshot.time)
    if name in snapshot.open_pods and job.loop is None:
        return None
    last_sign = _last_sign_of_life(job, attempt)
    if job.loop is not None:
        # A loop's attempt has no pod of its own: heartbeats alone show that it lives. While
        # the history was away none could arrive.
        last_sign = max(last_sign, snapshot.history_available_since)
    is_lost = snapshot.time - last_sign >= GRACE
    return _runner_lost(job, attempt, snapshot.time) if is_lost else None


def _gets_no_retry(job: ScheduledJob, snapshot: ClusterSnapshot) -> bool:
    if is_unstarted(job):
        return False  # `unstarted_jobs` ends it
    ended = attempts_of(job)[-1].last_time
    if job.loop is not None:
        return snapshot.time - max(ended, snapshot.history_available_since) >= LOOP_GRACE
    # While a Job waits before its next attempt it has no pod, for up to six minutes.
    kubernetes_job = snapshot.jobs.get((job.namespace, job.kubernetes_job))
    if job.id in snapshot.active_job_ids or (kubernetes_job and not kubernetes_job.finished):
        return False
    is_abandoned = (job.namespace, job.kubernetes_job) in snapshot.abandoned_jobs
    return is_abandoned or snapshot.time - ended >= GRACE


def _last_sign_of_life(job: ScheduledJob, attempt: AttemptRecord) -> datetime:
    # The record has one heartbeat time, which is that of the newest attempt.
    if job.heartbeat_time is None or attempt != attempts_of(job)[-1]:
        return attempt.start_time
    return max(attempt.start_time, job.heartbeat_time)


def _end_of_pod(pod: TaskPod, now: datetime) -> Outcome | None:
    if not pod.finished and not pod.deleted:
        return None
    # Even if the runner says that it has recorded its outcome: the record is open, so the
    # database has lost it.
    if pod.reported is not None:
        return pod.reported
    return build_outcome(pod, ending_of_open_attempt(pod), now)


def _runner_lost(job: ScheduledJob, attempt: AttemptRecord, now: datetime) -> Outcome:
    message = f"the pod {attempt.attempt_id} disappeared and left no outcome"
    if job.loop is not None:
        # No pod has the name of this attempt: the loop's worker forked it as a process.
        message = f"the loop {job.loop} sent no heartbeat for a minute"
    return replace(
        outcome_of(job, attempt),
        status=Status.FAILED,
        completion_time=now,
        reason=Reason.RUNNER_LOST,
        error_message=message,
    )


def _final_outcome(job: ScheduledJob) -> Outcome:
    last = attempts_of(job)[-1]
    return replace(
        outcome_of(job, last),
        completion_time=last.last_time,
        reason=last.reason,
        error_message=last.error_message,
        is_last=True,
    )
