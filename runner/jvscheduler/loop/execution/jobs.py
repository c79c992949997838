"""A job as the loop runs it, and what follows from it: its claim, its slot, its order. Pure."""

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
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.names import manual_job_id, scheduled_job_id, scheduled_job_name
from jvscheduler.outcomes import Outcome, Status, to_json
from jvscheduler.schedules.jitter import start_delay
from jvscheduler.worker.messages import Start

_PRECEDENCE: Final = timedelta(seconds=10)
"""How much longer a retry is left to the loop that made the attempts before. It may live on in
another process."""


@dataclass(frozen=True)
class Job:
    definition: Definition
    name: str
    scheduled_time: datetime | None
    """Its due instant. None: it was started by hand."""
    attempts: int = 0
    """How many attempts have been made."""
    last_end: datetime | None = None
    """When the last of them ended. The next one does not begin earlier, as its record says it,
    though the clock may have been set back: attempts are ordered by their start."""
    not_before: datetime | None = None
    """When the next attempt may begin. None: when the job is due."""

    @cached_property
    def id(self) -> str:
        task, namespace = self.definition.task.task_id, self.definition.namespace
        if self.scheduled_time is None:
            return manual_job_id(namespace, task, self.name)
        return scheduled_job_id(namespace, task, self.scheduled_time)

    @cached_property
    def start_delay(self) -> timedelta:
        """How long after its due instant it starts. A further attempt is not delayed."""
        task, due = self.definition.task, self.scheduled_time
        if due is None or self.attempts:
            return timedelta(0)
        return start_delay(task.task_id, due, task.jitter_seconds)

    @cached_property
    def slot(self) -> SlotRequest:
        task = self.definition.task
        namespace = self.definition.namespace
        return SlotRequest(namespace, task.task_id, task.max_concurrent, holder=self.id)


def due_job(definition: Definition, instant: datetime) -> Job:
    return Job(definition, scheduled_job_name(definition.name, instant), instant)


def manual_job(definition: Definition) -> Job:
    name = f"{definition.name}-manual-{secrets.token_hex(4)}"
    return Job(definition, name, scheduled_time=None)


def unfinished_job(definition: Definition, record: ScheduledJob) -> Job:
    """A job that waits for a retry. An earlier loop has made the attempts before."""
    attempts = attempts_of(record)
    pause = (
        timedelta(seconds=retry_pause(len(attempts), definition.task.retry_delay_seconds))
        + _PRECEDENCE
    )
    last_end = attempts[-1].last_time
    name, due = record.kubernetes_job, record.scheduled_time
    return Job(definition, name, due, len(attempts), last_end, last_end + pause)


def new_attempt_id(job: Job) -> str:
    return f"{job.name}-{secrets.token_hex(4)}"


def claim_of(
    job: Job, attempt_id: str, start_time: datetime, loop: str, node: str | None
) -> Outcome:
    """The claim of a new attempt."""
    task = job.definition.task
    return Outcome(
        job_id=job.id,
        task_id=task.task_id,
        namespace=job.definition.namespace,
        job_name=job.name,
        attempt_id=attempt_id,
        status=Status.RUNNING,
        scheduled_time=job.scheduled_time,
        start_time=start_time,
        retry_count=task.retry_count,
        node_name=node,
        loop=loop,
    )


def start_order(job: Job, claim: Outcome) -> Start:
    task = job.definition.task
    return Start(
        run_id=claim.attempt_id,
        entrypoint=task.entrypoint,
        timeout_seconds=task.timeout_seconds,
        environ={**job.definition.environ, **_environ(job, claim)},
        claim=to_json(claim),
        args=task.args,
        no_retry_on=task.no_retry_on,
    )


def _environ(job: Job, claim: Outcome) -> Mapping[str, str]:
    """The variables of a pod that say which job and attempt it is.

    A pod has others, for its runner: the time limit, the retries, the limit of jobs at once and
    the arguments.
    Here the loop and the worker see to these.
    """
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
