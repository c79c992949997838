"""Which tasks are due: pure, with the time as argument."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jvscheduler.tasks import Task


@dataclass(frozen=True)
class Due:
    """A task and its due instant; `missed` earlier ones since the last look will not run."""

    task: Task
    instant: datetime
    missed: int = 0


def next_instant(tasks: Sequence[Task], after: datetime) -> datetime | None:
    """When the next enabled task is due; None when none ever is."""
    instants = (task.schedule.next(after) for task in tasks if task.enabled)
    return min((i for i in instants if i is not None), default=None)


def due_between(tasks: Sequence[Task], start: datetime, end: datetime) -> list[Due]:
    """What is due in (start, end], earliest first.

    Of several instants of one task, as after a machine's sleep, only the last
    runs: so does the CronJob controller.
    """
    found = []
    for task in tasks:
        instants = list(task.schedule.between(start, end)) if task.enabled else []
        if instants:
            found.append(Due(task, instants[-1], len(instants) - 1))
    return sorted(found, key=lambda due: (due.instant, due.task.task_id))
