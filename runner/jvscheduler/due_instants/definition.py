"""A task's definition as a loop serves it, and the revision that says it in the history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jvscheduler.history.records.revisions import ScheduleRevision, identified
from jvscheduler.tasks import Task


@dataclass(frozen=True)
class Definition:
    """A task under the name of its ScheduledTask."""

    name: str
    """The ScheduledTask's name. The loop knows a task by it."""
    namespace: str
    task: Task
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables that a pod would set. Empty in a cluster, where the pod does."""


def revision_of(definition: Definition, since: datetime) -> ScheduleRevision:
    task = definition.task
    return identified(
        ScheduleRevision(
            job_name=task.task_id,
            namespace=definition.namespace,
            schedule=str(task.schedule),
            time_zone=task.schedule.time_zone,
            dst=task.schedule.dst,
            suspended=not task.enabled,
            max_concurrency=task.max_concurrent,
            starting_deadline_seconds=task.starting_deadline_seconds,
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
    deadline = revision.starting_deadline()
    task = Task(
        task_id=revision.job_name,
        entrypoint=entrypoint,
        schedule=revision.parsed(),
        enabled=not revision.suspended,
        max_concurrent=revision.max_concurrency,
        starting_deadline_seconds=None if deadline is None else int(deadline.total_seconds()),
    )
    return Definition(name, revision.namespace, task)


def decides_alike(left: ScheduleRevision, right: ScheduleRevision) -> bool:
    """True when both make the same instants due. The backend that served them may differ."""
    ignored = {"backend": ""}
    return {**left.meaning(), **ignored} == {**right.meaning(), **ignored}
