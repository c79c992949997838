"""A job, as the loop has it in hand, and what its worker is told of it. Pure."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from jvscheduler import environment
from jvscheduler.attempt.retries import retry_pause
from jvscheduler.due_instants.definition import Definition
from jvscheduler.history.records.attempts import attempts_of
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.names import manual_job_id, scheduled_job_id, scheduled_job_name
from jvscheduler.outcomes import Outcome, to_json
from jvscheduler.worker.messages import Start

_ANOTHERS: Final = timedelta(seconds=10)
"""So long a retry is left to the loop that awaits it, in another process perhaps."""


@dataclass(frozen=True)
class Job:
    """`attempts` is how many it has had already, under an earlier loop."""

    definition: Definition
    name: str
    scheduled_time: datetime | None
    attempts: int = 0
    not_before: datetime | None = None

    @cached_property
    def id(self) -> str:
        task, namespace = self.definition.task.task_id, self.definition.namespace
        if self.scheduled_time is None:
            return manual_job_id(namespace, task, self.name)
        return scheduled_job_id(namespace, task, self.scheduled_time)


def due_job(definition: Definition, instant: datetime) -> Job:
    return Job(definition, scheduled_job_name(definition.name, instant), instant)


def manual_job(definition: Definition) -> Job:
    name = f"{definition.name}-manual-{secrets.token_hex(4)}"
    return Job(definition, name, scheduled_time=None)


def unfinished_job(definition: Definition, record: ScheduledJob) -> Job:
    """One that awaits a retry which an earlier loop did not get to make."""
    attempts = len(record.attempts)
    ended = attempts_of(record)[-1].last_time
    pause = timedelta(seconds=retry_pause(attempts)) + _ANOTHERS
    name = record.kubernetes_job
    return Job(definition, name, record.scheduled_time, attempts, not_before=ended + pause)


def start_order(job: Job, claim: Outcome) -> Start:
    task = job.definition.task
    return Start(
        run_id=claim.attempt_id,
        entrypoint=task.entrypoint,
        timeout_seconds=task.timeout_seconds,
        environ=_environ(job, claim),
        claim=to_json(claim),
    )


def _environ(job: Job, claim: Outcome) -> Mapping[str, str]:
    """What a pod of the task would have."""
    values: dict[str, Any] = {
        environment.TASK_ID: claim.task_id,
        environment.TASK_NAME: job.definition.name,
        environment.ENTRYPOINT: job.definition.task.entrypoint,
        environment.NAMESPACE: claim.namespace,
        environment.JOB_NAME: job.name,
        environment.POD_NAME: claim.attempt_id,
        environment.NODE_NAME: claim.node_name or "",
    }
    return {name: str(value) for name, value in values.items()}
