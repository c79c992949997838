"""The cluster of `jvscheduler dev`, of a user's own server and of tests: tasks, but no pods."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from jvscheduler.names import LOCAL_NAMESPACE, resource_name
from jvscheduler.tasks import Task
from jvscheduler_server.cluster.objects import TaskPod, TaskState


class LocalCluster:
    """The tasks that were discovered. It is always synced."""

    backend = "local"
    synced = True
    missing_namespaces: Collection[str] = ()

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = tuple(tasks)

    def replace_tasks(self, tasks: Sequence[Task]) -> None:
        """Have these tasks from now on: the user has edited their code."""
        self._tasks = tuple(tasks)

    async def start(self) -> None:
        """Nothing is watched."""

    async def stop(self) -> None:
        """Nothing is watched."""

    def pods(self) -> Sequence[TaskPod]:
        return ()

    def tasks(self) -> Sequence[TaskState]:
        now = datetime.now(UTC)
        return tuple(_state(task, now) for task in self._tasks)


def _state(task: Task, now: datetime) -> TaskState:
    return TaskState(
        task_id=task.task_id,
        name=resource_name(task.task_id),
        namespace=LOCAL_NAMESPACE,
        schedule=str(task.schedule),
        resolved_schedule=task.schedule.resolved,
        time_zone=task.schedule.time_zone,
        suspended=not task.enabled,
        # No operator writes the next instant into a status here.
        next_schedule_time=task.schedule.next(now) if task.enabled else None,
    )
