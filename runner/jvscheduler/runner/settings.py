"""The runner's settings. In this package, only this module reads `os.environ`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jvscheduler import environment
from jvscheduler.arguments.values import from_text
from jvscheduler.errors import InvalidArgs, InvalidSettings
from jvscheduler.history.urls import absolute_url
from jvscheduler.logs.settings import LogSettings, read_log_settings
from jvscheduler.names import manual_job_id, scheduled_job_id, scheduled_time_of
from jvscheduler.outcomes import Outcome, Status
from jvscheduler.schedules.jitter import start_delay
from jvscheduler.tasks import JOB_RETRY_SECONDS

DEFAULT_TERMINATION_LOG: Final = Path("/dev/termination-log")


@dataclass(frozen=True)
class PodAttempt:
    """The attempt that this pod makes."""

    claim: Outcome
    """Its first outcome, `running`. With it the runner claims the job."""
    max_concurrent: int
    """How many jobs of the task may run at once, this one included."""
    timeout_seconds: float | None
    start_time: datetime | None = None
    """The job's first attempt begins no earlier. None: it begins at once."""
    retry_delay_seconds: int = JOB_RETRY_SECONDS
    """The pause before the job's second attempt. Kubernetes has waited 10 s of it."""


@dataclass(frozen=True)
class Settings:
    task_id: str
    task_name: str
    entrypoint: str
    job_name: str
    namespace: str
    attempt_id: str
    node_name: str | None
    timeout_seconds: float | None
    retry_count: int
    retry_delay_seconds: int
    no_retry_on: tuple[str, ...]
    max_concurrent: int
    jitter_seconds: int
    args: Mapping[str, Any]
    database_url: str | None
    termination_log: Path

    def attempt(self, now: datetime) -> PodAttempt:
        scheduled = scheduled_time_of(self.job_name, self.task_name)
        claim = Outcome(
            job_id=self._job_id(scheduled),
            task_id=self.task_id,
            namespace=self.namespace,
            job_name=self.job_name,
            attempt_id=self.attempt_id,
            status=Status.RUNNING,
            scheduled_time=scheduled,
            start_time=now,
            retry_count=self.retry_count,
            node_name=self.node_name,
        )
        return PodAttempt(
            claim,
            self.max_concurrent,
            self.timeout_seconds,
            self._start_time(scheduled),
            self.retry_delay_seconds,
        )

    def _start_time(self, scheduled: datetime | None) -> datetime | None:
        if scheduled is None or not self.jitter_seconds:
            return None
        return scheduled + start_delay(self.task_id, scheduled, self.jitter_seconds)

    def _job_id(self, scheduled: datetime | None) -> str:
        if scheduled is None:
            return manual_job_id(self.namespace, self.task_id, self.job_name)
        return scheduled_job_id(self.namespace, self.task_id, scheduled)


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises InvalidSettings, which names the variable."""
    timeout = _whole_number(environ, environment.TIMEOUT_SECONDS, default=0, least=1)
    return Settings(
        task_id=_required(environ, environment.TASK_ID),
        task_name=_required(environ, environment.TASK_NAME),
        entrypoint=_entrypoint(environ),
        job_name=_required(environ, environment.JOB_NAME),
        namespace=_required(environ, environment.NAMESPACE),
        attempt_id=_required(environ, environment.POD_NAME),
        node_name=environ.get(environment.NODE_NAME) or None,
        timeout_seconds=timeout or None,
        retry_count=_whole_number(environ, environment.RETRY_COUNT, default=0, least=0),
        retry_delay_seconds=_whole_number(
            environ, environment.RETRY_DELAY_SECONDS, default=JOB_RETRY_SECONDS, least=1
        ),
        no_retry_on=tuple(filter(None, environ.get(environment.NO_RETRY_ON, "").split(","))),
        max_concurrent=_whole_number(environ, environment.MAX_CONCURRENT, default=1, least=1),
        jitter_seconds=_whole_number(environ, environment.JITTER_SECONDS, default=0, least=0),
        args=_args(environ),
        database_url=_database_url(environ),
        termination_log=Path(environ.get(environment.TERMINATION_LOG) or DEFAULT_TERMINATION_LOG),
    )


def read_log(environ: Mapping[str, str] = os.environ) -> LogSettings:
    """Raises InvalidSettings, which names the variable."""
    context = {
        "namespace": environment.NAMESPACE,
        "task": environment.TASK_NAME,
        "task_id": environment.TASK_ID,
        "job": environment.JOB_NAME,
        "pod": environment.POD_NAME,
        "node": environment.NODE_NAME,
    }
    known = {name: environ.get(variable) for name, variable in context.items()}
    return read_log_settings(environ, context=known)


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise InvalidSettings(f"{name} is not set; the operator sets it")
    return value


def _database_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get(environment.DATABASE_URL)
    return absolute_url(url) if url else None


def _args(environ: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        return from_text(environ.get(environment.ARGS) or "{}")
    except InvalidArgs as error:
        raise InvalidSettings(f"{environment.ARGS}: {error}") from error


def _entrypoint(environ: Mapping[str, str]) -> str:
    value = _required(environ, environment.ENTRYPOINT)
    module, _, name = value.partition(":")
    if not (module and name):
        raise InvalidSettings(
            f"{environment.ENTRYPOINT} must be `package.module:name`, got {value!r}"
        )
    return value


def _whole_number(environ: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = environ.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise InvalidSettings(f"{name} must be a whole number, at least {least}; got {text!r}")
    return int(text)
