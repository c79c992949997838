"""Since when no scheduler serves a namespace, after one has ended in good order.

There is one row for a namespace. A loop on a developer's machine, or in a user's own server,
writes it when it ends, and clears it when it begins. Instants that come due
meanwhile get their records when the next loop begins. The row explains why there are none before.
"""

from datetime import datetime
from typing import Any, Self

from jvscheduler.history.entities.objects import Object
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.times import Time
from jvscheduler.names import stop_id

ENTITY = "SchedulerStop"


class SchedulerStop(Object):
    namespace: str = ""
    stop_time: Time | None = None
    """None: a scheduler has begun since."""

    @classmethod
    def get_indexes(cls) -> list[dict[str, Any]]:
        """None: the row is found by its id."""
        return []

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Raises UndecodableRecord."""
        return cls._decoded(row)

    def to_row(self) -> Row:
        context = self.model_dump(mode="json", exclude={"id", "entity", "type_code"})
        return {"id": self.id, "entity": self.entity, "context": context}


def stop_of(namespace: str, stop_time: datetime | None) -> SchedulerStop:
    return SchedulerStop(id=stop_id(namespace), namespace=namespace, stop_time=stop_time)
