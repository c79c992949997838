"""The tasks that a loop serves, and up to which moment each is accounted for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.due_instants.decide import Decision, decide
from jvscheduler.due_instants.definition import Definition
from jvscheduler.history.records.revisions import NEXT
from jvscheduler.loop.scheduling.due_queue import DueQueue

_MINUTE: Final = timedelta(minutes=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Served:
    definition: Definition
    since: datetime
    accounted: datetime
    """Every instant up to this one has its account."""

    @property
    def until(self) -> datetime:
        """What comes after that may be another definition's: two never begin at one time."""
        return max(self.accounted, self.since + NEXT)


class ServedTasks:
    def __init__(self) -> None:
        self._served: dict[str, Served] = {}
        self._queue = DueQueue()

    def __iter__(self) -> Iterator[Definition]:
        return (served.definition for served in self._served.values())

    def get(self, name: str) -> Definition | None:
        served = self._served.get(name)
        return served.definition if served else None

    def of_task(self, namespace: str, task_id: str) -> Definition | None:
        wanted = (namespace, task_id)
        return next((d for d in self if (d.namespace, d.task.task_id) == wanted), None)

    def put(self, definition: Definition, now: datetime) -> datetime:
        """Serve it from now on, and from when exactly: not before what is accounted for."""
        served = self._served.get(definition.name)
        since = max(now, served.until) if served else now
        self._served[definition.name] = Served(definition, since, since)
        self._plan(definition, since)
        return since

    def exchange(self, definition: Definition) -> None:
        """Serve it in place of one that makes the same instants due."""
        self._served[definition.name] = replace(
            self._served[definition.name], definition=definition
        )

    def skip(self, name: str, until: datetime) -> bool:
        """Whether it was news that every instant up to this one has its account."""
        served = self._served.get(name)
        if served is None or until <= served.accounted:
            return False
        self._served[name] = replace(served, accounted=until)
        self._plan(served.definition, until)
        return True

    def remove(self, name: str) -> datetime:
        """Serve it no longer; up to when it was."""
        self._queue.remove(name)
        return self._served.pop(name).until

    def next(self) -> datetime | None:
        return self._queue.next()

    def take_due(self, now: datetime) -> list[str]:
        return self._queue.take_due(now)

    def account(self, name: str, now: datetime) -> Decision:
        """Of what has come due since the last time; from now on it has its account."""
        served = self._served[name]
        found = decide(served.definition, served.accounted, now)
        self._served[name] = replace(served, accounted=max(served.accounted, now))
        self._plan(served.definition, max(served.accounted, now))
        return found

    def _plan(self, definition: Definition, now: datetime) -> None:
        instant = definition.task.schedule.next(now)
        if instant is not None and not definition.task.enabled:
            instant = end_of_minute(instant)
        self._queue.put(definition.name, instant)


def end_of_minute(instant: datetime) -> datetime:
    """When a suspended task is looked at: the instants of a minute share a record, and two loops
    that serve the same task for a moment write the same one."""
    return instant + (_EPOCH - instant) % _MINUTE
