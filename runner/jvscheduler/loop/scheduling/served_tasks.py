"""The tasks that a loop serves, and up to which instant each one has been decided."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.due_instants.decide import DueDecision, decide
from jvscheduler.due_instants.definition import Definition
from jvscheduler.history.records.revisions import NEXT
from jvscheduler.loop.scheduling.due_queue import DueQueue

_MINUTE: Final = timedelta(minutes=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ServedTask:
    definition: Definition
    since: datetime
    """When the definition came into force."""
    decided_until: datetime
    """Every instant up to this one has been decided."""

    @property
    def until(self) -> datetime:
        """From when on another definition may be in force.

        Two definitions never come into force at the same time: the later one would hide
        the earlier one's revision.
        """
        return max(self.decided_until, self.since + NEXT)


class ServedTasks:
    def __init__(self) -> None:
        self._tasks: dict[str, ServedTask] = {}
        self._queue = DueQueue()

    def __iter__(self) -> Iterator[Definition]:
        return (task.definition for task in self._tasks.values())

    def get(self, name: str) -> Definition | None:
        task = self._tasks.get(name)
        return task.definition if task else None

    def of_task(self, namespace: str, task_id: str) -> Definition | None:
        wanted = (namespace, task_id)
        return next((d for d in self if (d.namespace, d.task.task_id) == wanted), None)

    def put(self, definition: Definition, now: datetime) -> datetime:
        """Serve the definition. Returns since when it is in force: not before the instants
        that are decided already."""
        task = self._tasks.get(definition.name)
        since = max(now, task.until) if task else now
        self._tasks[definition.name] = ServedTask(definition, since, since)
        self._plan(definition, since)
        return since

    def exchange(self, definition: Definition) -> None:
        """Replace a definition by one that makes the same instants due."""
        task = self._tasks[definition.name]
        self._tasks[definition.name] = replace(task, definition=definition)

    def skip(self, name: str, until: datetime) -> bool:
        """Take every instant up to this one for decided. True when that is news."""
        task = self._tasks.get(name)
        if task is None or until <= task.decided_until:
            return False
        self._tasks[name] = replace(task, decided_until=until)
        self._plan(task.definition, until)
        return True

    def remove(self, name: str) -> datetime:
        """Serve the task no longer. Returns until when it was served."""
        self._queue.remove(name)
        return self._tasks.pop(name).until

    def next(self) -> datetime | None:
        """When to look at a task next."""
        return self._queue.next()

    def take_due(self, now: datetime) -> list[str]:
        """The tasks to look at now. Call `decide` for each of them."""
        return self._queue.take_due(now)

    def decide(self, name: str, now: datetime) -> DueDecision:
        """Decide the instants that have come due since the last decision."""
        task = self._tasks[name]
        decision = decide(task.definition, task.decided_until, now)
        # `now` may be earlier, when the clock was set back. No instant is decided twice.
        decided_until = max(task.decided_until, now)
        self._tasks[name] = replace(task, decided_until=decided_until)
        self._plan(task.definition, decided_until)
        return decision

    def _plan(self, definition: Definition, now: datetime) -> None:
        instant = definition.task.schedule.next(now)
        if instant is not None and not definition.task.enabled:
            instant = _end_of_minute(instant)
        self._queue.put(definition.name, instant)


def _end_of_minute(instant: datetime) -> datetime:
    """When to look at a suspended task.

    Its instants of one minute share a record. Two loops that serve the task for a moment
    both write the same record, because both look at the full minute.
    """
    return instant + (_EPOCH - instant) % _MINUTE
