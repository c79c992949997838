"""A task's definition as a loop serves it, and the revision that says it in the history."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jvscheduler.history.records.revisions import ScheduleRevision, identified
from jvscheduler.tasks import Task


@dataclass(frozen=True)
class Definition:
    """A task's options: the decorator's, and those that only a ScheduledTask has."""

    name: str
    """The ScheduledTask's name. The loop knows a task by it."""
    namespace: str
    task: Task
    starting_deadline: timedelta | None = None
    """How late a job may start. None: there is no limit."""
    replaces: bool = False
    """True for `concurrencyPolicy: Replace`: over the limit, a job ends the oldest one.
    False: a job over the limit is skipped."""


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


def removed(definition: Definition, since: datetime) -> ScheduleRevision:
    return revision_of(definition, since).model_copy(update={"removed": True})


def definition_of(revision: ScheduleRevision, name: str, entrypoint: str = "") -> Definition:
    """The definition that a revision describes. Raises InvalidSchedule.

    A revision does not hold the entrypoint. Without one, no job of the definition can run.
    """
    task = Task(
        task_id=revision.job_name,
        entrypoint=entrypoint,
        schedule=revision.parsed(),
        enabled=not revision.suspended,
        max_concurrent=revision.max_concurrency,
    )
    return Definition(name, revision.namespace, task, revision.starting_deadline())


def decides_alike(left: ScheduleRevision, right: ScheduleRevision) -> bool:
    """True when both make the same instants due. The backend that served them may differ."""
    ignored = {"backend": ""}
    return {**left.meaning(), **ignored} == {**right.meaning(), **ignored}
