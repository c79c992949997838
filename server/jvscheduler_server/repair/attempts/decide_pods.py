"""Decides which outcomes to record for pods that ended. Pure.

Recording an outcome twice changes nothing, and an attempt that has an end keeps it. So a pod
may be decided again, late, or by two servers at once.
"""

from datetime import datetime, timedelta
from typing import Final

from jvscheduler.outcomes import MAX_ERROR_BYTES, MAX_LOG_TAIL_BYTES, Outcome, clip, clip_start
from jvscheduler_server.cluster.objects import TaskPod
from jvscheduler_server.repair.attempts.rules import RAN_NO_RUNNER, Ending, ending_of_pod

RECENT: Final = timedelta(days=1)
"""No record of a job is pruned earlier than this."""


def outcome_of_pod(pod: TaskPod, now: datetime) -> Outcome | None:
    """Return the outcome to record. None: the attempt runs, or its runner has recorded it."""
    # The runner's outcome counts more than Kubernetes' reason: it saw the task end.
    if pod.reported is not None:
        return None if pod.reported.recorded else pod.reported
    # A pod that never started is no attempt. `unstarted_jobs` ends its job.
    ending = None if pod.never_started else ending_of_pod(pod)
    return None if ending is None else build_outcome(pod, ending, now)


def outcome_without_runner(pod: TaskPod, now: datetime) -> Outcome | None:
    """Return the outcome of a silent pod whose job has no record.

    None: the pod is not silent, never started, or ended long ago.

    A runner creates the record before all else, or leaves an outcome when it cannot. So the
    container ran another command.
    """
    ended = pod.completion_time or pod.deletion_time or now
    # A later look could be after the record was pruned.
    is_recent = now - ended < RECENT
    ran = is_silent(pod) and not pod.never_started
    return build_outcome(pod, RAN_NO_RUNNER, now) if ran and is_recent else None


def is_silent(pod: TaskPod) -> bool:
    """True when the pod ended, left no outcome, and no rule says how its attempt ended.

    Then only the history knows whether the attempt is open. A pod that was not seen to start is
    silent too: its runner may have claimed the job before the kubelet reported the start.
    """
    if pod.reported is not None or not (pod.finished or pod.deleted):
        return False
    return pod.never_started or ending_of_pod(pod) is None


def build_outcome(pod: TaskPod, ending: Ending, now: datetime) -> Outcome:
    ended = pod.completion_time or pod.deletion_time or now
    start = pod.start_time or pod.created_time
    return Outcome(
        job_id=pod.job.id,
        task_id=pod.job.task_id,
        namespace=pod.namespace,
        job_name=pod.job.name,
        attempt_id=pod.name,
        status=ending.status,
        scheduled_time=pod.job.scheduled_time,
        start_time=start,
        # The node's clock and the API server's may differ: no attempt ends before its start.
        completion_time=max(ended, start),
        reason=ending.reason,
        error_message=clip(ending.message, MAX_ERROR_BYTES),
        log_tail=pod.output and clip_start(pod.output, MAX_LOG_TAIL_BYTES),
        retry_count=pod.retry_count,
        node_name=pod.node,
    )
