"""Which schedulers without a cluster serve which tasks, and which of them have ended in good order.

There is one row for each process. A loop on a developer's machine, or in a user's own server,
writes it with every heartbeat, and once more when it ends. The instants
that come due after that get their records when the next loop begins. The row explains why
there are none before.
"""

from collections.abc import Iterable, Sequence, Set
from datetime import datetime, timedelta
from typing import Any, Final, Self

from pydantic import Field

from jvscheduler.history.entities.objects import Object
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.times import Time

ENTITY: Final = "SchedulerPresence"

SILENT_AFTER: Final = timedelta(seconds=30)
"""Three heartbeats. A scheduler without one for this long has ended, or does not work."""


class SchedulerPresence(Object):
    namespace: str = ""
    host: str = ""
    process: int = 0
    tasks: list[str] = Field(default_factory=list)
    """The ids of the tasks that it serves, or served when it ended."""
    heartbeat_time: Time | None = None
    """When it last served them."""
    stop_time: Time | None = None
    """When it ended. None: it runs, or was killed."""

    @classmethod
    def get_indexes(cls) -> list[dict[str, Any]]:
        """None: there are a few rows, and their class alone finds them."""
        return []

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Raises UndecodableRecord."""
        return cls._decoded(row)

    def to_row(self) -> Row:
        context = self.model_dump(mode="json", exclude={"id", "entity", "type_code"})
        return {"id": self.id, "entity": self.entity, "context": context}

    def served_after(self, time: datetime) -> bool:
        """True when it has not stopped, and its last heartbeat is later than this time."""
        heard = self.heartbeat_time
        return self.stop_time is None and heard is not None and heard > time


def stop_time(presences: Iterable[SchedulerPresence], task_id: str) -> datetime | None:
    """Return since when nobody serves the task: its last scheduler has ended in good order.

    None: a scheduler serves it, or its last one ended otherwise. Another scheduler's stop
    explains nothing then: this one should have recorded what came due.
    """
    serving = [presence for presence in presences if task_id in presence.tasks]
    stop = max((p.stop_time for p in serving if p.stop_time is not None), default=None)
    if stop is None or any(p.served_after(stop - SILENT_AFTER) for p in serving):
        return None
    return stop


def superseded(
    presences: Iterable[SchedulerPresence], own: SchedulerPresence, dead: Set[str], now: datetime
) -> Sequence[SchedulerPresence]:
    """Those that explain nothing any more, because `own` serves all their tasks now.

    `dead` are ids of those whose process is known to have ended.
    """
    silent_since = now - SILENT_AFTER
    ended = [p for p in presences if p.id in dead or not p.served_after(silent_since)]
    return [p for p in ended if p.id != own.id and set(p.tasks) <= set(own.tasks)]
