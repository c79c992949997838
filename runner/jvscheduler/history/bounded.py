"""Every call of a database is bounded in time, and fails in one way: HistoryUnavailable.

A database that restarts breaks its connections for a moment. A call that broke is repeated a
few times; most calls of the history may be repeated without harm. A database that does not
answer at all is given up soon, so that a task can start without its history.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.waiting import NoConnectionLeft, limited

T = TypeVar("T")

CALL_SECONDS: Final = 10.0
"""The limit for a call of the history. A task starts without its history after that."""

_PAUSES: Final = (0.05, 0.2, 0.5)
"""Seconds before each repetition."""


@dataclass(frozen=True)
class BoundedCalls:
    """Makes the calls of one database."""

    name: str
    """The database in messages: its URL without the password."""
    seconds: float
    """The limit of each call: repetitions included, without the wait for a connection."""
    failures: tuple[type[Exception], ...]
    """The errors that the driver raises when the database is unavailable."""
    describe: Callable[[Exception], str] = str
    """The text of such an error, as a message shows it."""
    refuses: Callable[[Exception], bool] = lambda _: False
    """True for an error by which the database refuses what was asked of it.

    Repeating such a call does not help, and reporting it as an outage would mislead."""

    async def run(self, call: Callable[[], Awaitable[T]], *, repeat: bool = True) -> T:
        """The call's result. Raises HistoryUnavailable after at most `seconds`.

        While the database has no connection left, the call waits for as long as the database's
        limits say.

        Without `repeat`, for a call that must not happen twice, the error says that the
        change may have been made: only the answer may have been lost.
        """
        try:
            async with limited(self.seconds):
                return await (self._repeated(call) if repeat else call())
        except self.failures as error:
            if self.refuses(error):
                text = f"the history database {self.name} refuses the call: {self.describe(error)}"
                raise InvalidQuery(text) from error
            doubt = "" if repeat else "; the change may have been made before the connection broke"
            raise HistoryUnavailable(self._message(error) + doubt) from error

    async def _repeated(self, call: Callable[[], Awaitable[T]]) -> T:
        for pause in _PAUSES:
            try:
                return await call()
            except TimeoutError:
                raise  # the database does not answer: a repetition would only take longer
            except self.failures as error:
                if self.refuses(error):
                    raise
                await asyncio.sleep(pause)
        return await call()

    def _message(self, error: Exception) -> str:
        if isinstance(error, NoConnectionLeft):
            return (
                f"the history database {self.name} is full ({error}); raise its limit of "
                "connections, or put a pooler such as PgBouncer before it"
            )
        is_timeout = isinstance(error, TimeoutError)
        reason = f"no answer in {self.seconds:g} s" if is_timeout else self.describe(error)
        return (
            f"the history database {self.name} is unavailable ({reason or type(error).__name__}); "
            "see that it runs and that JVSCHEDULER_DATABASE_URL or --database is right"
        )
