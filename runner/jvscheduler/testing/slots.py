"""Concurrency slots in memory."""

from collections.abc import Sequence
from datetime import datetime

from jvscheduler.history.slots.choice import TaskSlot, choose_slots
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest


class MemorySlots:
    """`Slots` for tests of code that takes them. One object is one database.

    ```python
    slots = MemorySlots()
    request = SlotRequest("shop", "shop.tasks.restock", limit=1, holder="first")
    assert asyncio.run(slots.acquire_slots([request], now=NOON)) == [True]
    ```
    """

    def __init__(self) -> None:
        self._slots: dict[str, TaskSlot] = {}

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        chosen = choose_slots(requests, self._slots.values(), now)
        self._slots |= {slot.id: slot for slot in chosen if slot is not None}
        return [slot is not None for slot in chosen]

    async def extend_slots(self, holders: Sequence[str], now: datetime) -> None:
        expiry = {"expiry_time": now + EXPIRY}
        self._slots |= {
            key: slot.model_copy(update=expiry)
            for key, slot in self._slots.items()
            if slot.holder in holders
        }

    async def release_slots(self, holders: Sequence[str]) -> None:
        kept = {key: slot for key, slot in self._slots.items() if slot.holder not in holders}
        self._slots = kept
