"""Waits for a connection while the database has none left.

A database takes a limited number of connections: PostgreSQL takes 100 by default. At
midnight more jobs may start than that. Each needs a connection for some milliseconds only, so
that another try soon succeeds. This is no outage: a job that went on without its claim would run
beside another one.

The pauses are random. Otherwise all who were refused together would come again together.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

T = TypeVar("T")

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 4.0
"""The limits of the pause between two tries, in seconds. It doubles from the first to the longest,
because a refusal costs the server time too. Each pause is a random part of it."""

# A generator of its own: `random` belongs to the task, and is copied when a worker forks.
_RANDOM: Final = secrets.SystemRandom()

_limit: ContextVar[asyncio.Timeout | None] = ContextVar("limit", default=None)


class NoConnectionLeft(TimeoutError):
    """The database had no connection left for longer than its user waits."""


@asynccontextmanager
async def limited(seconds: float) -> AsyncIterator[None]:
    """`asyncio.timeout`, but without the time in which the block waits for a connection.

    The first try to connect counts: a server that does not answer is away.
    """
    async with asyncio.timeout(seconds) as limit:
        token = _limit.set(limit)
        try:
            yield
        finally:
            _limit.reset(token)


async def connected(
    connect: Callable[[], Awaitable[T]], is_full: Callable[[Exception], bool], patience: float
) -> T:
    """Return the result of `connect`, called again while its error says that the database is full.

    Raises NoConnectionLeft after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    try:
        return await connect()
    except Exception as error:
        if not is_full(error):
            raise
        refusal = error
    longest = _FIRST_PAUSE
    with limit_standing_still():
        while time.monotonic() < deadline:
            await asyncio.sleep(_RANDOM.uniform(0, longest))
            longest = min(2 * longest, _LONGEST_PAUSE)
            try:
                return await connect()
            except Exception as error:
                if not is_full(error):
                    raise
                refusal = error
    raise NoConnectionLeft(f"no connection left in {patience:g} s: {refusal}") from refusal


@contextmanager
def limit_standing_still() -> Iterator[None]:
    """Within the block, time is not counted by the `limited` around it."""
    limit = _limit.get()
    end = limit.when() if limit is not None else None
    # None as well where another call of the block has stopped the limit already.
    if limit is None or end is None or limit.expired():
        yield
        return
    now = asyncio.get_running_loop().time
    stopped_at = now()
    limit.reschedule(None)
    try:
        yield
    finally:
        limit.reschedule(end + now() - stopped_at)
