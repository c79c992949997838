"""A task as its decorator states it: the definition that every mode runs.

Plain frozen data, without pydantic, so that importing the decorator stays
light. The custom resource's model is in `jvscheduler.manifests`.
"""

from dataclasses import dataclass

from jvscheduler.schedules import Schedule


@dataclass(frozen=True)
class Task:
    """One decorated function.

    `timeout_seconds` limits one attempt; `retry_count` is the number of
    attempts that may follow the first; `max_concurrent` the number of jobs of
    this task that may run at once.
    """

    task_id: str
    entrypoint: str
    schedule: Schedule
    enabled: bool = True
    max_concurrent: int = 1
    timeout_seconds: int | None = None
    retry_count: int = 0
    description: str = ""
