"""Which slot a job tries to take: the rule, without a database.

Two jobs that read the same slots may choose the same one; the database gives it to one of them.

A slot may be taken when the task would not exceed its limit even with all lower slots held.
So nobody has to count the held slots while others take theirs. This holds also after the limit
was lowered, while jobs still hold slots with higher numbers.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from jvscheduler.history.decoding import context_of, undecodable
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.history.times import Time, as_utc
from jvscheduler.names import slot_id

ENTITY = "TaskSlot"


class TaskSlot(BaseModel):
    """One concurrency slot of a task, from when a job takes it until it is released or expires."""

    model_config = ConfigDict(frozen=True)

    id: str
    job_name: str = ""
    """The task's id, as in ScheduledJob."""
    namespace: str = ""
    number: int = 0
    limit: int = 1
    """The task's limit when the slot was taken."""
    holder: str = ""
    """The id of the attempt that holds it. In a loop it is the job's id."""
    owner: str = ""
    """The id of that attempt's job: another attempt of the job may take the slot over."""
    expiry_time: Time | None = None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Raises UndecodableRecord."""
        try:
            return cls(**context_of(row))
        except (ValueError, KeyError, TypeError) as error:
            raise undecodable(row, ENTITY, error) from error

    def to_row(self) -> Row:
        context = self.model_dump(mode="json", exclude={"id"})
        return {"id": self.id, "entity": ENTITY, "context": context}

    def is_held(self, now: datetime) -> bool:
        return self.expiry_time is not None and self.expiry_time > now


def choose_slots(
    requests: Sequence[SlotRequest], slots: Iterable[TaskSlot], now: datetime
) -> list[TaskSlot | None]:
    """For each request the slot to take; None when its task is at its limit."""
    held: defaultdict[tuple[str, str], list[TaskSlot]] = defaultdict(list)
    for slot in slots:
        if slot.is_held(now):
            held[slot.namespace, slot.job_name].append(slot)
    chosen: list[TaskSlot | None] = []
    for request in requests:
        slot_of_request = _choose(request, held[request.task], now)
        chosen.append(slot_of_request)
        if slot_of_request is not None:  # later requests of the task must choose another one
            held[request.task].append(slot_of_request)
    return chosen


def _choose(request: SlotRequest, held: Sequence[TaskSlot], now: datetime) -> TaskSlot | None:
    own = [other.number for other in held if other.owner == request.owner]
    free = own or _free({other.number for other in held}, request.limit)
    if not free:
        return None
    # Holders choose by their id: if all chose the first free slot, all but one would try in vain.
    number = free[zlib.crc32(request.holder.encode()) % len(free)]
    return TaskSlot(
        id=slot_id(request.namespace, request.task_id, number),
        job_name=request.task_id,
        namespace=request.namespace,
        number=number,
        limit=request.limit,
        holder=request.holder,
        owner=request.owner,
        expiry_time=as_utc(now + EXPIRY),
    )


def _free(held: set[int], limit: int) -> list[int]:
    """The free slots that leave the task within its limit."""
    return [
        number
        for number in range(limit)
        if number not in held and number + 1 + sum(n > number for n in held) <= limit
    ]
