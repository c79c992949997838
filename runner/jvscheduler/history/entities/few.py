"""Entities of which there are few, as rows and as what they are."""

from typing import Any, Self

from jvscheduler.history.entities.objects import Object
from jvscheduler.history.queries.matching import Row


class FewObject(Object):
    """Found by its class alone: jvspatial keeps all entities in one table, and every row of any
    of them pays for every index."""

    @classmethod
    def get_indexes(cls) -> list[dict[str, Any]]:
        return []

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Raises UndecodableRecord."""
        return cls._decoded(row)

    def to_row(self) -> Row:
        context = self.model_dump(mode="json", exclude={"id", "entity", "type_code"})
        return {"id": self.id, "entity": self.entity, "context": context}
