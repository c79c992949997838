"""Counts how many jobs of many tasks start in each minute. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jvscheduler.schedules.jitter import start_delay
from jvscheduler.tasks import Task


@dataclass(frozen=True)
class Fleet:
    """The due instants of some tasks in some days."""

    days: int
    jobs: Mapping[str, int]
    """Jobs by task id, over all days. Suspended tasks are left out."""
    suspended: Sequence[str]
    """Ids of the suspended tasks."""
    starts: Mapping[int, int]
    """Jobs that start, by Unix minute."""
    worst: tuple[str, ...]
    """Ids of the tasks that start in the worst minute. A task that starts twice is there twice."""

    @property
    def most(self) -> int:
        return max(self.starts.values(), default=0)

    @property
    def worst_minute(self) -> datetime | None:
        """The minute with the most starts; the first one if there are several."""
        return _instant(_worst(self.starts)) if self.starts else None

    @property
    def by_minute_of_hour(self) -> Mapping[int, int]:
        starts: Counter[int] = Counter()
        for minute, count in self.starts.items():
            starts[minute % 60] += count
        return dict(sorted(starts.items()))


def preview(tasks: Sequence[Task], start: datetime, end: datetime, days: int) -> Fleet:
    """Counts the starts of the due instants in (start, end]: a task's jitter delays them."""
    enabled = [task for task in tasks if task.enabled]
    minutes = {task.task_id: _minutes(task, start, end) for task in enabled}
    starts: Counter[int] = Counter()
    for counted in minutes.values():
        starts.update(counted)
    worst = _worst(starts) if starts else 0
    return Fleet(
        days,
        {task_id: counted.total() for task_id, counted in minutes.items()},
        [task.task_id for task in tasks if not task.enabled],
        starts,
        tuple(task_id for task_id, counted in minutes.items() for _ in range(counted[worst])),
    )


def _minutes(task: Task, start: datetime, end: datetime) -> Counter[int]:
    due = task.schedule.between(start, end)
    starts = (each + start_delay(task.task_id, each, task.jitter_seconds) for each in due)
    return Counter(int(start.timestamp()) // 60 for start in starts)


def _worst(starts: Mapping[int, int]) -> int:
    return min(starts, key=lambda minute: (-starts[minute], minute))


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
