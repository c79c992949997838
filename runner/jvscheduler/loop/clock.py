"""The time, and waiting for it, as one thing that tests replace."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

LOOK_SECONDS: Final = 5.0
"""A machine that slept wakes with its timers late; the time is looked at again this often."""


class Clock(Protocol):
    def now(self) -> datetime: ...

    async def wait_until(self, instant: datetime | None, stop: asyncio.Event) -> None:
        """Until the instant or the stop; None waits for the stop alone."""

    async def pause(self, length: timedelta, stop: asyncio.Event) -> None:
        """So long or until the stop, whatever the time is set to meanwhile."""


class SystemClock:
    def __init__(self, look_seconds: float = LOOK_SECONDS) -> None:
        self._look_seconds = look_seconds

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def wait_until(self, instant: datetime | None, stop: asyncio.Event) -> None:
        while not stop.is_set() and (instant is None or self.now() < instant):
            left = (instant - self.now()).total_seconds() if instant else self._look_seconds
            await _pause(max(0.0, min(left, self._look_seconds)), stop)

    async def pause(self, length: timedelta, stop: asyncio.Event) -> None:
        await _pause(length.total_seconds(), stop)


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
