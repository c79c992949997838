"""The history, guarded: no call to it keeps a task from starting.

A history that is down stops no task. One that does not answer soon counts as down too:
jobs would start late, and would hold their slots after they have ended. While it is away
no call waits for it. `Replay` looks every second whether it is back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from jvscheduler.errors import HistoryUnavailable, SchedulerError
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.log import Event, say

T = TypeVar("T")

PATIENCE: Final = timedelta(seconds=15)
"""How long other loops may need, after the history is back, to send a heartbeat and to begin
to replay their spools."""
ANSWER_SECONDS: Final = 2.0
"""How long a job waits for an answer. After that the history is away."""


class GuardedHistory:
    def __init__(self, store: LoopStore, clock: Clock, *, is_away: bool) -> None:
        """`is_away`: true for a loop that begins with entries in its spool. The history lacks
        them, so that nothing may be concluded from its records before they are replayed."""
        self.store: Final = store
        self._clock = clock
        self._is_away = is_away
        self._back_since: datetime | None = None
        self._waiting: dict[asyncio.Timeout, None] = {}
        """The time limits of the calls that have no answer yet, oldest first."""

    @property
    def is_away(self) -> bool:
        """True while the history is down, or lacks what an earlier loop has spooled."""
        return self._is_away

    @property
    def is_complete(self) -> bool:
        """True when a missing record proves that the job did not run.

        False while the history is away, and for 15 s after: other loops that had the same
        tasks may still have to replay their spools.
        """
        if self._is_away or self._back_since is None:
            return not self._is_away
        # A clock that was set back must not make the wait endless.
        return not timedelta(0) <= self._clock.now() - self._back_since < PATIENCE

    async def when_available(
        self, call: Callable[[], Awaitable[T]], otherwise: Callable[[], T]
    ) -> T:
        """The answer of a call that a job waits for; `otherwise()` if there is none in time."""
        return await self._when_available(lambda: self.answer(call()), otherwise)

    async def if_available(self, call: Callable[[], Awaitable[None]]) -> bool:
        """True when the call was made. It has no time limit: no job waits for it.

        False: the history is away, and nobody makes the call later.
        """

        async def made() -> bool:
            await call()
            return True

        return await self._when_available(made, lambda: False)

    async def answer(self, asked: Awaitable[T]) -> T:
        """The answer, within the time limit. Raises HistoryUnavailable.

        A call that was given up may have been carried out all the same.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS) as limit:
                self._waiting[limit] = None
                return await asked
        except TimeoutError:
            raise HistoryUnavailable(f"no answer in {ANSWER_SECONDS:g} s") from None
        finally:
            self._waiting.pop(limit, None)

    def set_away(self, error: SchedulerError) -> None:
        """Go on without the history, and end the wait of every call that has no answer yet."""
        if not self._is_away:
            text = f"going on without the history, records wait in the spool: {error}"
            say(text, Event.PROBLEM)
        self._is_away = True
        # If older calls went on waiting, a later instant could be in the spool before an
        # earlier one. A loop that is killed between the two would leave the earlier instant
        # without a record: a takeover begins after the last recorded instant.
        for limit in self._waiting:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())

    def set_back(self) -> None:
        """The history answers, and has everything that this loop has spooled."""
        say("the history is up to date")
        self._back_since, self._is_away = self._clock.now(), False

    async def _when_available(
        self, call: Callable[[], Awaitable[T]], otherwise: Callable[[], T]
    ) -> T:
        if not self._is_away:
            try:
                return await call()
            except HistoryUnavailable as error:
                self.set_away(error)
        return otherwise()
