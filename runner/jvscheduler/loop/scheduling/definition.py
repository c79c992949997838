"""A task as its loop serves it: what the decorator says, and what only a cluster's user says."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jvscheduler.history.records.revisions import ScheduleRevision, identified
from jvscheduler.tasks import Task


@dataclass(frozen=True)
class Definition:
    """`name` is the resource's; the loop knows a task by it."""

    name: str
    namespace: str
    task: Task
    starting_deadline: timedelta | None = None
    """How late a job may still start; None: as late as it is."""
    replaces: bool = False
    """Over its limit a job ends the oldest one, where others are skipped."""


def revision_of(definition: Definition, since: datetime) -> ScheduleRevision:
    task, deadline = definition.task, definition.starting_deadline
    return identified(
        ScheduleRevision(
            job_name=task.task_id,
            namespace=definition.namespace,
            schedule=str(task.schedule),
            time_zone=task.schedule.time_zone,
            dst=task.schedule.dst,
            suspended=not task.enabled,
            max_concurrency=task.max_concurrent,
            starting_deadline_seconds=int(deadline.total_seconds()) if deadline else None,
            backend="Loop",
        ),
        since,
    )


def decides_alike(one: ScheduleRevision, other: ScheduleRevision) -> bool:
    """Whether both make the same instants due: who served them does not matter."""
    ignored = {"backend": ""}
    return {**one.meaning(), **ignored} == {**other.meaning(), **ignored}


def removed(definition: Definition, since: datetime) -> ScheduleRevision:
    return revision_of(definition, since).model_copy(update={"removed": True})
