"""The cluster of `jvscheduler dev`, of a user's server and of tests: some tasks, no pods.

The next due instants are computed when asked, as no operator writes them down.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from jvscheduler.names import resource_name
from jvscheduler.tasks import Task
from jvscheduler_server.cluster.objects import TaskPod, TaskState

NAMESPACE = "dev"


def utc_now() -> datetime:
    return datetime.now(UTC)


class LocalCluster:
    """Tasks as they were discovered; always synced."""

    backend = "local"
    synced = True

    def __init__(
        self,
        tasks: Sequence[Task],
        namespace: str = NAMESPACE,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._tasks = tuple(tasks)
        self._namespace = namespace
        self._clock = clock

    async def start(self) -> None:
        """Nothing is watched."""

    async def stop(self) -> None:
        """Nothing is watched."""

    def pods(self) -> Sequence[TaskPod]:
        return ()

    def tasks(self) -> Sequence[TaskState]:
        now = self._clock()
        return tuple(_state(task, self._namespace, now) for task in self._tasks)


def _state(task: Task, namespace: str, now: datetime) -> TaskState:
    return TaskState(
        task_id=task.task_id,
        name=resource_name(task.task_id),
        namespace=namespace,
        schedule=str(task.schedule),
        time_zone=task.schedule.time_zone,
        suspended=not task.enabled,
        next_schedule_time=task.schedule.next(now) if task.enabled else None,
    )
