"""Decides what to record for jobs that have not started. Pure.

A job that waits for something that is wrong, or longer than usual, gets a `pending` record. When
its Job has ended and none of its pods has started, the job never ran: its record becomes `missed`.
Where the history has an attempt of the job, neither changes anything.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.causes import cause_of
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.unstarted import UnstartedJob
from jvscheduler.outcomes import Reason, Status
from jvscheduler_server.cluster.objects import JobIdentity
from jvscheduler_server.cluster.waits import Wait, wait_of_job

PATIENCE: Final = timedelta(seconds=30)
"""A job for which nothing is known to be wrong gets a record after this long. Most pods start
earlier, so most jobs cost no write of ours."""

GRACE: Final = timedelta(seconds=60)
"""A job that only the history knows is given up after this long, not before. Another server may
have recorded it, and its Job may not have come through our watch yet. A runner does not run a job
that was given up."""


@dataclass(frozen=True)
class JobState:
    """A job as its Job and its pods show it together, at one moment."""

    identity: JobIdentity
    namespace: str
    created_time: datetime
    retry_count: int
    is_active: bool
    """True while it may still start: its Job or one of its pods has not ended."""
    has_run: bool
    """True when one of its pods has run, or disappeared without being watched."""
    may_have_run: bool
    """True when it failed and its pods are gone. Only a server that followed it knows if it ran."""
    wait: Wait | None
    """None: it has no pod, and no Event says why."""
    given_up: Reason | None = None
    """Why the operator ended its Job."""


@dataclass(frozen=True)
class FollowedJob:
    """A job that has not started yet."""

    state: JobState
    """As it was last seen."""
    wait: Wait
    """The last one that was known: it outlives the pod."""
    recorded_label: str | None = None
    """The reason why it waits, as the history has it."""
    is_recorded: bool = False
    unseen_since: datetime | None = None
    """When it was read from the history. None: this server has seen it in the cluster."""


def follow(
    followed: Mapping[str, FollowedJob], states: Mapping[str, JobState], ended: Collection[str]
) -> dict[str, FollowedJob]:
    """Return the jobs to follow from now on, by id. `ended` are those that have their end."""
    new = {
        job_id: _updated(followed.get(job_id), state)
        for job_id, state in states.items()
        if not state.has_run
        and not (state.may_have_run and job_id not in followed)
        and job_id not in ended
    }
    gone = {job_id: job for job_id, job in followed.items() if job_id not in states}
    return gone | new


def read_from_history(record: ScheduledJob, now: datetime) -> FollowedJob:
    """Follow a job that an earlier server has recorded."""
    reason = next((reason for reason in Reason if reason == record.reason), None)
    wait = Wait(reason, record.reason, record.error_message or "")
    state = JobState(
        JobIdentity(record.id, record.kubernetes_job, record.job_name, "", record.scheduled_time),
        record.namespace,
        created_time=record.execution_time or now,
        retry_count=record.retry_count,
        is_active=True,
        has_run=False,
        may_have_run=False,
        wait=wait,
    )
    return FollowedJob(state, wait, record.reason, is_recorded=True, unseen_since=now)


def record_for(job: FollowedJob, *, exists: bool, now: datetime) -> UnstartedJob | None:
    """Return the record to write. None: the history has it, or it is too early."""
    if not exists and job.unseen_since is not None and now - job.unseen_since < GRACE:
        return None
    if not exists or not job.state.is_active:
        return _given_up(job, now)
    # Its end follows within seconds, and says why its pod was deleted.
    if job.state.given_up is not None:
        return None
    is_late = now - job.state.created_time >= PATIENCE
    if not (job.wait.is_trouble or is_late):
        return None
    # The kubelet's reason and message change with each try to pull an image. Without this, each
    # try would be a write.
    if job.is_recorded and job.recorded_label == job.wait.label:
        return None
    return _record(job, Status.PENDING, job.wait.label, job.wait.message)


def with_record(job: FollowedJob, record: UnstartedJob) -> FollowedJob:
    return replace(job, is_recorded=True, recorded_label=record.reason)


def _updated(before: FollowedJob | None, state: JobState) -> FollowedJob:
    if before is None:
        return FollowedJob(state, state.wait or _first_wait(state))
    wait = state.wait or before.wait
    if wait.reason is Reason.POD_DELETED and before.wait.is_trouble:
        wait = before.wait  # what the pod waited for says more than that it is gone
    # The annotation is on the Job, which may be gone before its pods.
    state = replace(state, given_up=state.given_up or before.state.given_up)
    return replace(before, state=state, wait=wait, unseen_since=None)


def _first_wait(state: JobState) -> Wait:
    name = state.identity.name
    if state.given_up is None or state.is_active:
        return wait_of_job(name, None)
    # The operator gave it up while no server was watching, and its pods are gone.
    return Wait(None, None, f"nobody saw what the pod of the Job {name} waited for")


def _given_up(job: FollowedJob, now: datetime) -> UnstartedJob:
    wait = job.wait
    if job.state.given_up is Reason.CONCURRENCY_LIMIT:
        message = f"as many jobs of the task waited as may run at once; {wait.message}"
        return _ended(job, Status.SKIPPED, Reason.CONCURRENCY_LIMIT, message, now)
    if job.state.given_up is Reason.DEADLINE_MISSED:
        # That its pod was deleted is the operator's doing. What it waited for is the reason.
        known = None if wait.reason is Reason.POD_DELETED else wait.reason
        message = f"it did not start before its deadline; {wait.message}"
        return _ended(job, Status.MISSED, known or Reason.DEADLINE_MISSED, message, now)
    # Without a reason of Kubernetes there never was a pod.
    reason = wait.reason or (Reason.POD_DELETED if wait.label else Reason.CONTROLLER_DOWN)
    return _ended(job, Status.MISSED, reason, wait.message, now)


def _ended(
    job: FollowedJob, status: Status, reason: Reason, message: str, now: datetime
) -> UnstartedJob:
    return replace(_record(job, status, reason, message), end_time=now)


def _record(job: FollowedJob, status: Status, reason: str | None, message: str) -> UnstartedJob:
    state, identity = job.state, job.state.identity
    return UnstartedJob(
        job_id=identity.id,
        task_id=identity.task_id,
        namespace=state.namespace,
        kubernetes_job=identity.name,
        due_time=identity.scheduled_time or state.created_time,
        scheduled_time=identity.scheduled_time,
        status=status,
        reason=reason,
        cause=cause_of(reason, message) if job.wait.is_trouble or status.is_final else None,
        message=message,
        retry_count=state.retry_count,
    )
