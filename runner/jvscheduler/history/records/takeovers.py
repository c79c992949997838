"""Takeovers that a loop has begun and not settled. If it is killed, the next loop settles them.

The history has a row for each one, from before the loop records the first instant of its own
until the time before has its records. A loop without the history keeps them on its disk.
"""

from dataclasses import dataclass
from typing import Any, Final

from jvscheduler.history.decoding import context_of, undecodable
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.names import takeover_id

ENTITY: Final = "UnsettledTakeover"


@dataclass(frozen=True)
class UnsettledTakeover:
    """A task that a loop began to serve.

    Instants that came due before may have no record. They get one when the takeover is settled.
    """

    name: str
    """The ScheduledTask's name."""
    revision: ScheduleRevision
    """The definition that the loop began to serve, and since when."""

    @property
    def task_id(self) -> str:
        return self.revision.job_name

    @property
    def id(self) -> str:
        return takeover_id(self.revision.id)


def to_row(takeover: UnsettledTakeover) -> Row:
    revision = takeover.revision
    context = {
        "namespace": revision.namespace,
        "job_name": revision.job_name,
        "name": takeover.name,
        "revision": dumped(revision),
    }
    return {"id": takeover.id, "entity": ENTITY, "context": context}


def from_row(row: Row) -> UnsettledTakeover:
    """Raises UndecodableRecord."""
    try:
        context = context_of(row)
        return UnsettledTakeover(str(context["name"]), ScheduleRevision(**context["revision"]))
    except Exception as error:
        raise undecodable(row, ENTITY, error) from error


def dumped(revision: ScheduleRevision) -> dict[str, Any]:
    return revision.model_dump(mode="json", exclude={"entity", "type_code"})
