"""A wait until a time follows a clock that is set. A pause of a given length does not."""

import asyncio
from datetime import UTC, datetime, timedelta

from jvscheduler.loop.clock import SystemClock


class ClockThatIsSetBack(SystemClock):
    looks = 0

    def now(self) -> datetime:
        self.looks += 1
        return datetime.now(UTC) - timedelta(hours=1 if self.looks > 1 else 0)


def test_a_pause_is_over_though_the_clock_was_set_back() -> None:
    async def scene() -> None:
        clock = ClockThatIsSetBack()
        clock.now()
        await clock.pause(timedelta(milliseconds=10), asyncio.Event())

    asyncio.run(asyncio.wait_for(scene(), 60))


def test_a_pause_ends_with_the_stop() -> None:
    async def scene() -> None:
        stop = asyncio.Event()
        pausing = asyncio.create_task(SystemClock().pause(timedelta(hours=1), stop))
        await asyncio.sleep(0)
        stop.set()
        await pausing

    asyncio.run(asyncio.wait_for(scene(), 60))
