"""The rule that no two tasks of a namespace have the same id or the same resource name."""

from collections.abc import Iterable

from jvscheduler.errors import DiscoveryError
from jvscheduler.names import resource_name
from jvscheduler.tasks import Task


def check_unique(tasks: Iterable[Task]) -> None:
    """Raises DiscoveryError."""
    by_id: dict[str, Task] = {}
    by_name: dict[str, Task] = {}
    for task in tasks:
        same_id = by_id.setdefault(task.task_id, task)
        if same_id is not task:
            raise DiscoveryError(
                f"{same_id.entrypoint} and {task.entrypoint} have the same task_id "
                f"{task.task_id!r}: give one of them another"
            )
        same_name = by_name.setdefault(resource_name(task.task_id), task)
        if same_name is not task:
            raise DiscoveryError(
                f"the task_ids {same_name.task_id!r} ({same_name.entrypoint}) and "
                f"{task.task_id!r} ({task.entrypoint}) both make the resource name "
                f"{resource_name(task.task_id)!r}: give one of them another task_id"
            )
