"""The time, and waiting for it. Tests replace both together."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

LOOK_SECONDS: Final = 5.0
"""The longest wait without a look at the time. Timers do not run while a machine sleeps, and do
not follow a clock that is set: without the look, a wait would end late."""


class Clock(Protocol):
    def now(self) -> datetime: ...

    async def wait_until(self, instant: datetime | None, stop: asyncio.Event) -> None:
        """Returns at the instant or at the stop. None: at the stop alone."""

    async def pause(self, length: timedelta, stop: asyncio.Event) -> None:
        """Returns after this time or at the stop. A clock that is set meanwhile changes nothing."""


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
