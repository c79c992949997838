"""Every call of a database is bounded in time and fails in one way.

A database that restarts breaks connections for a moment, and every call of the
store may be repeated without harm; so a broken one is, a few times. One that
does not answer at all is given up quickly enough that a task can start
without it.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from jvspatial.db.database import DatabaseError
from jvspatial.exceptions import DatabaseError as MongoDatabaseError

from jvscheduler.errors import HistoryUnavailable

T = TypeVar("T")

_PAUSES: Final = (0.05, 0.2, 0.5)
"""Seconds before each repetition."""


def _failures() -> tuple[type[Exception], ...]:
    import asyncpg  # noqa: PLC0415 - loaded already where it is used
    from pymongo.errors import PyMongoError  # noqa: PLC0415 - loaded already where it is used

    asyncpgs = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
    jvspatials = (DatabaseError, MongoDatabaseError)
    return (OSError, TimeoutError, sqlite3.Error, PyMongoError, *jvspatials, *asyncpgs)


async def bounded(
    operation: Callable[[], Awaitable[T]], name: str, seconds: float, *, repeat: bool = True
) -> T:
    """The operation's result, or HistoryUnavailable after at most `seconds`.

    Without `repeat`, for what must not happen twice, the error says that it may
    have happened although the answer was lost.
    """
    failures = _failures()
    try:
        async with asyncio.timeout(seconds):
            return await (_repeated(operation, failures) if repeat else operation())
    except failures as error:
        doubt = "" if repeat else "; the change may have been made before the connection broke"
        raise HistoryUnavailable(_message(name, seconds, error) + doubt) from error


async def _repeated(
    operation: Callable[[], Awaitable[T]], failures: tuple[type[Exception], ...]
) -> T:
    for pause in _PAUSES:
        try:
            return await operation()
        except TimeoutError:
            raise
        except failures:
            await asyncio.sleep(pause)
    return await operation()


def _message(name: str, seconds: float, error: Exception) -> str:
    told = f"no answer in {seconds:g} s" if isinstance(error, TimeoutError) else str(error)
    for added in (" (configured timeouts", ", Timeout:"):  # by PyMongo, with all that it knows
        told = told.partition(added)[0]
    return (
        f"the history database {name} is unavailable ({told or type(error).__name__}); "
        "see that it runs and that JVSCHEDULER_DATABASE_URL or --database is right"
    )
