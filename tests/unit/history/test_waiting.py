"""Waiting for a connection while the database has none left."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history import waiting
from jvscheduler.history.backends.postgresql.pool import is_full
from jvscheduler.history.bounded import BoundedCalls
from jvscheduler.history.waiting import NoConnectionLeft, connected, limited

SHORT = 0.02


class Full(Exception):
    """The database has no connection left."""


def refusing(times: int) -> Callable[[], Awaitable[str]]:
    refusals = [Full("sorry, too many clients already")] * times

    async def connect() -> str:
        if refusals:
            raise refusals.pop()
        return "a connection"

    return connect


async def wait_for(connect: Callable[[], Awaitable[str]], patience: float = 60) -> str:
    return await connected(connect, lambda error: isinstance(error, Full), patience)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_FIRST_PAUSE", SHORT)
    monkeypatch.setattr(waiting, "_LONGEST_PAUSE", SHORT)


def test_it_is_asked_for_again_until_one_is_free() -> None:
    assert asyncio.run(wait_for(refusing(30))) == "a connection"


def test_after_the_patience_it_is_given_up() -> None:
    with pytest.raises(NoConnectionLeft, match="too many clients"):
        asyncio.run(wait_for(refusing(10_000), patience=SHORT))


def test_another_error_is_passed_on_at_once() -> None:
    async def connect() -> str:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(wait_for(connect))


def test_the_wait_is_not_counted_in_the_limit_of_the_call() -> None:
    async def story() -> None:
        async with limited(SHORT):
            # Ten pauses take longer than the limit.
            assert await wait_for(refusing(20)) == "a connection"

    asyncio.run(story())


def test_after_the_wait_the_limit_counts_again() -> None:
    async def story() -> None:
        async with limited(SHORT):
            await wait_for(refusing(3))
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(story())


def test_calls_that_wait_at_once_stop_the_limit_once() -> None:
    async def story() -> None:
        async with limited(SHORT):
            await asyncio.gather(*(wait_for(refusing(20)) for _ in range(3)))
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(story())


def test_a_history_that_is_full_for_too_long_says_so() -> None:
    calls = BoundedCalls("postgresql://db/shop", 10, (OSError, TimeoutError))
    asked: list[None] = []

    async def call() -> str:
        asked.append(None)
        return await wait_for(refusing(10_000), patience=SHORT)

    with pytest.raises(HistoryUnavailable, match=r"is full .*; raise its limit"):
        asyncio.run(calls.run(call))
    assert len(asked) == 1, "to wait once is enough"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (asyncpg.TooManyConnectionsError("sorry, too many clients already"), True),
        (asyncpg.TooManyConnectionsError('too many connections for role "shop"'), True),
        (asyncpg.TooManyConnectionsError('too many connections for database "shop"'), True),
        (asyncpg.ProtocolViolationError("no more connections allowed (max_client_conn)"), True),
        (
            asyncpg.ProtocolViolationError(
                "client connections exceeded (max_db_client_connections)"
            ),
            True,
        ),
        (asyncpg.ProtocolViolationError("server login has been failing"), False),
        (asyncpg.CannotConnectNowError("the database system is starting up"), False),
        (asyncpg.InvalidPasswordError("no connection"), False),
        (ConnectionRefusedError("refused"), False),
    ],
    ids=str,
)
def test_what_says_that_a_postgresql_is_full(error: Exception, expected: bool) -> None:
    assert is_full(error) is expected
