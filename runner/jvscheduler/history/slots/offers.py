"""Which slot a run may try to take: the rule, without a database.

Two that read the same may choose the same; the database gives it to one. A slot
may be taken when, with all below it held, the task holds no more than its limit:
so nobody needs to count while others take theirs, also when the limit was
lowered under runs that hold higher numbers.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from jvscheduler.history.entities.few import FewObject
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.history.times import Time, as_utc
from jvscheduler.names import slot_id

ENTITY = "TaskSlot"


class TaskSlot(FewObject):
    """One of the places of a task's concurrent runs, while a run holds it."""

    job_name: str = ""
    """The task's id, as in ScheduledJob."""
    namespace: str = ""
    number: int = 0
    limit: int = 1
    """The task's limit when it was taken."""
    holder: str = ""
    """The attempt's id."""
    owner: str = ""
    """Its job's id: another attempt of that may take it over."""
    expiry_time: Time | None = None

    def is_held(self, now: datetime) -> bool:
        return self.expiry_time is not None and self.expiry_time > now


def offers(
    requests: Sequence[SlotRequest], slots: Iterable[TaskSlot], now: datetime
) -> list[TaskSlot | None]:
    """For each request the slot to take, the same for none; None: the task is at its limit."""
    held: defaultdict[tuple[str, str], list[TaskSlot]] = defaultdict(list)
    for slot in slots:
        if slot.is_held(now):
            held[slot.namespace, slot.job_name].append(slot)
    made: list[TaskSlot | None] = []
    for request in requests:
        of_task = held[request.task]
        made.append(_offer(request, of_task, now))
        of_task += [slot for slot in made[-1:] if slot is not None]
    return made


def slot(request: SlotRequest, number: int, now: datetime) -> TaskSlot:
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


def _offer(request: SlotRequest, held: Sequence[TaskSlot], now: datetime) -> TaskSlot | None:
    own = [other.number for other in held if other.owner == request.owner]
    free = own or _free({other.number for other in held}, request.limit)
    if not free:
        return None
    return slot(request, free[zlib.crc32(request.holder.encode()) % len(free)], now)


def _free(held: set[int], limit: int) -> list[int]:
    """Different holders choose differently among them, so that few are in each other's way."""
    return [
        number
        for number in range(limit)
        if number not in held and number + 1 + sum(n > number for n in held) <= limit
    ]
