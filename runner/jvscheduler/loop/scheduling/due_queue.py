"""Which task is due next: a heap with one instant for each task."""

import heapq
from datetime import datetime


class DueQueue:
    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str]] = []
        self._current: dict[str, datetime] = {}

    def put(self, name: str, instant: datetime | None) -> None:
        """Replace the task's next instant. None: the task has no further one."""
        if instant is None:
            self.remove(name)
            return
        # The entry that is replaced stays in the heap, because removing it would cost a search.
        # It is stale: `_drop_stale` finds that it is not the task's current one.
        self._current[name] = instant
        heapq.heappush(self._heap, (instant, name))

    def remove(self, name: str) -> None:
        self._current.pop(name, None)

    def next(self) -> datetime | None:
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: datetime) -> list[str]:
        """The tasks whose instant has come, the earliest first. Put each of them again."""
        due = []
        while (instant := self.next()) is not None and instant <= now:
            name = heapq.heappop(self._heap)[1]
            del self._current[name]
            due.append(name)
        return due

    def _drop_stale(self) -> None:
        while self._heap and self._current.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
