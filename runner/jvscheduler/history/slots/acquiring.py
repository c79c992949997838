"""Acquiring slots in two steps: read and choose, then take. Repeated when another job was faster.

For databases that cannot choose and take in one transaction.
"""

from collections.abc import Awaitable, Callable, Sequence, Set
from datetime import datetime
from typing import Final

from jvscheduler.history.slots.choice import TaskSlot, choose_slots
from jvscheduler.history.slots.requests import SlotRequest

MAX_ROUNDS: Final = 20
"""A limit against endless contention: whenever a request loses a round, another job won a slot."""

ReadSlots = Callable[[Sequence[SlotRequest]], Awaitable[list[TaskSlot]]]
"""Reads the slots of the tasks that are asked for."""
TakeSlots = Callable[[Sequence[TaskSlot], datetime], Awaitable[Set[str]]]
"""Takes those of the slots that are free, and returns their ids."""


async def acquire(
    requests: Sequence[SlotRequest],
    now: datetime,
    read: ReadSlots,
    take: TakeSlots,
    *,
    read_first: bool = True,
) -> list[bool]:
    """True for each request that got a slot.

    Without `read_first`, the first round tries as if no slot were held: one statement less.
    """
    slots = await read(requests) if read_first else []
    open_requests, won = list(requests), set[SlotRequest]()
    for _ in range(MAX_ROUNDS):
        chosen = choose_slots(open_requests, slots, now)
        if not any(chosen):
            break
        taken = await take([slot for slot in chosen if slot is not None], now)
        pairs = zip(open_requests, chosen, strict=True)
        won |= {request for request, slot in pairs if slot is not None and slot.id in taken}
        open_requests = [request for request in open_requests if request not in won]
        slots = await read(open_requests) if open_requests else []
    return [request in won for request in requests]
