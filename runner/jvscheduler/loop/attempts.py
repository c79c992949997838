"""The environment of an attempt's process, as the operator would give it to a pod."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jvscheduler import environment
from jvscheduler.names import resource_name, scheduled_job_name
from jvscheduler.outcomes import Outcome
from jvscheduler.runner.settings import read_settings
from jvscheduler.tasks import Task

NAMESPACE: Final = "dev"


@dataclass(frozen=True)
class Attempt:
    task: Task
    job_name: str
    attempt_id: str


def job_name(task: Task, instant: datetime) -> str:
    return scheduled_job_name(resource_name(task.task_id), instant)


def new_attempt(task: Task, name: str) -> Attempt:
    return Attempt(task, name, f"{name}-{secrets.token_hex(3)}")


def variables(attempt: Attempt, database_url: str, termination_log: str) -> Mapping[str, str]:
    task = attempt.task
    return {
        environment.TASK_ID: task.task_id,
        environment.TASK_NAME: resource_name(task.task_id),
        environment.ENTRYPOINT: task.entrypoint,
        environment.RETRY_COUNT: str(task.retry_count),
        environment.MAX_CONCURRENT: str(task.max_concurrent),
        environment.JOB_NAME: attempt.job_name,
        environment.NAMESPACE: NAMESPACE,
        environment.POD_NAME: attempt.attempt_id,
        environment.DATABASE_URL: database_url,
        environment.TERMINATION_LOG: termination_log,
        environment.QUIET: "1",
        environment.TIMEOUT_SECONDS: str(task.timeout_seconds or ""),
    }


def claim_of(attempt: Attempt, now: datetime) -> Outcome:
    """What the attempt's runner claims its job with."""
    return read_settings(variables(attempt, "", "")).begun(now)
