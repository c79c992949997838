"""Asking for slots where reading and taking are two steps: again where another was faster."""

from collections.abc import Awaitable, Callable, Sequence, Set
from datetime import datetime
from typing import Final

from jvscheduler.history.slots.offers import TaskSlot, offers
from jvscheduler.history.slots.requests import SlotRequest

ROUNDS: Final = 20
"""A round that gives nothing gave the slot to another run; so many in a row are not waited for."""

Held = Callable[[Sequence[SlotRequest]], Awaitable[list[TaskSlot]]]
Take = Callable[[Sequence[TaskSlot], datetime], Awaitable[Set[str]]]


async def acquired(
    requests: Sequence[SlotRequest], now: datetime, held: Held, take: Take, *, blind: bool = False
) -> list[bool]:
    """`take` gives the ids of those that were free; `blind`: ask for the first before reading."""
    slots = [] if blind else await held(requests)
    left, won = list(requests), set[SlotRequest]()
    for _ in range(ROUNDS):
        made = offers(left, slots, now)
        if not any(made):
            break
        taken = await take([slot for slot in made if slot is not None], now)
        asked = zip(left, made, strict=True)
        won |= {request for request, slot in asked if slot is not None and slot.id in taken}
        left = [request for request in left if request not in won]
        slots = await held(left) if left else []
    return [request in won for request in requests]
