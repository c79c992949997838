"""The job of `outcomes.begun`, as long as it has not started."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from jvscheduler.causes import Cause
from jvscheduler.history.records.unstarted import UnstartedJob
from jvscheduler.outcomes import Reason, Status
from tests.support.history.outcomes import NOON, begun


def waiting(**changes: Any) -> UnstartedJob:
    base = UnstartedJob(
        job_id=begun().job_id,
        task_id=begun().task_id,
        namespace=begun().namespace,
        kubernetes_job=begun().job_name,
        due_time=NOON,
        scheduled_time=NOON,
        status=Status.PENDING,
        reason=Reason.IMAGE_PULL_FAILED,
        message="the pod pod-a has not started: ErrImagePull: not found",
        cause=Cause.TASK,
    )
    return replace(base, **changes)


def given_up(**changes: Any) -> UnstartedJob:
    end = {"status": Status.MISSED, "end_time": NOON + timedelta(minutes=3)}
    return waiting(**(end | changes))
