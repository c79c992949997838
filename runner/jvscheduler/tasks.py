"""A task as its decorator states it: the definition that every mode runs.

Plain frozen data, without pydantic, so that importing the decorator stays
light. The limits and forms of its fields are here and not in the custom
resource's model, which takes them from here: decorator and API server accept
the same.
"""

from dataclasses import dataclass, replace
from typing import Final

from jvscheduler.schedules import Schedule, parse_schedule

_NAME: Final = "[A-Za-z_][A-Za-z0-9_]*"
ENTRYPOINT_PATTERN: Final = rf"{_NAME}(\.{_NAME})*:{_NAME}"
TASK_ID_PATTERN: Final = "[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?"

MAX_TASK_ID: Final = 253
MAX_ENTRYPOINT: Final = 512
MAX_DESCRIPTION: Final = 1024
MAX_SECONDS: Final = 2**31 - 1
"""Kubernetes' own limit for the active deadline of a pod."""
MAX_CONCURRENT: Final = 1000
MAX_RETRIES: Final = 100


@dataclass(frozen=True)
class Task:
    """One decorated function.

    `timeout_seconds` limits one attempt; `retry_count` is the number of
    attempts that may follow the first; `max_concurrent` the number of jobs of
    this task that may run at once.
    """

    task_id: str
    entrypoint: str
    """`package.module:name` of a function or a Walker class."""
    schedule: Schedule
    enabled: bool = True
    max_concurrent: int = 1
    timeout_seconds: int | None = None
    retry_count: int = 0
    description: str = ""
    has_own_zone: bool = True
    """False: the decorator names no time zone. A server may then use its own."""

    @property
    def module(self) -> str:
        return self.entrypoint.partition(":")[0]

    def with_default_zone(self, time_zone: str) -> "Task":
        """The task with its schedule in this time zone, unless its decorator names another."""
        if self.has_own_zone:
            return self
        own = self.schedule
        return replace(self, schedule=parse_schedule(own.text, time_zone, own.seed, own.dst))
