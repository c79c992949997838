"""How a database fails: in one way, whatever its driver raises."""

import asyncio
import sqlite3

import asyncpg
import pytest
from pymongo.errors import AutoReconnect

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.unavailable import bounded

BROKEN = [
    ConnectionResetError("reset by peer"),
    asyncpg.ConnectionDoesNotExistError("connection was closed"),
    asyncpg.InterfaceError("the pool is closing"),
    asyncpg.InternalClientError("cannot switch to state 12; another operation is in progress"),
    asyncpg.ProtocolError("unexpected message"),
    sqlite3.OperationalError("database is locked"),
    AutoReconnect("connection closed"),
]


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_a_call_whose_connection_breaks_is_made_again(error: Exception) -> None:
    errors = [error]

    async def operation() -> str:
        if errors:
            raise errors.pop()
        return "done"

    assert asyncio.run(bounded(operation, "history", 10)) == "done"


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_what_may_not_be_repeated_fails_as_a_history_that_is_away(error: Exception) -> None:
    async def operation() -> None:
        raise error

    with pytest.raises(HistoryUnavailable, match="history"):
        asyncio.run(bounded(operation, "history", 10, repeat=False))


def test_an_error_of_our_own_is_no_fault_of_the_database() -> None:
    async def operation() -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        asyncio.run(bounded(operation, "history", 10))
