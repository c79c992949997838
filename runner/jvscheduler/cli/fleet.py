"""What many tasks do together: how many start when. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jvscheduler.tasks import Task


@dataclass(frozen=True)
class Fleet:
    """`starts` counts by the Unix minute; suspended tasks start nothing."""

    days: int
    runs: Mapping[str, int]
    """By task id, over all the days; only of tasks that are not suspended."""
    suspended: Sequence[str]
    starts: Mapping[int, int]
    worst: tuple[str, ...]
    """The tasks that start in the worst minute, each as often as it does."""

    @property
    def most(self) -> int:
        return max(self.starts.values(), default=0)

    @property
    def worst_minute(self) -> datetime | None:
        """The first minute in which most tasks start."""
        return _instant(_worst(self.starts)) if self.starts else None

    @property
    def by_minute_of_hour(self) -> Mapping[int, int]:
        found: Counter[int] = Counter()
        for minute, count in self.starts.items():
            found[minute % 60] += count
        return dict(sorted(found.items()))


def preview(tasks: Sequence[Task], start: datetime, end: datetime, days: int) -> Fleet:
    """What is due in (start, end]."""
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
    return Counter(int(instant.timestamp()) // 60 for instant in due)


def _worst(starts: Mapping[int, int]) -> int:
    return min(starts, key=lambda minute: (-starts[minute], minute))


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
