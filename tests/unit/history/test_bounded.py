"""Every call of a database fails in one way, whatever the driver raises."""

import asyncio
import sqlite3

import asyncpg
import pytest
from pymongo.errors import AutoReconnect

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.backends.registry import BACKENDS
from jvscheduler.history.bounded import BoundedCalls

BROKEN: dict[str, list[Exception]] = {
    "sqlite": [sqlite3.OperationalError("database is locked")],
    "postgresql": [
        asyncpg.ConnectionDoesNotExistError("connection was closed"),
        asyncpg.InterfaceError("the pool is closing"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation is in progress"),
        asyncpg.ProtocolError("unexpected message"),
    ],
    "mongodb": [AutoReconnect("connection closed")],
}
ANY_DRIVER = [ConnectionResetError("reset by peer")]
CASES = [
    pytest.param(entry.name, error, id=f"{entry.name}-{type(error).__name__}")
    for entry in BACKENDS
    for error in [*BROKEN.get(entry.name, []), *ANY_DRIVER]
]


def calls(backend: str) -> BoundedCalls:
    (entry,) = [entry for entry in BACKENDS if entry.name == backend]
    return BoundedCalls("history", 10, entry.load().failures)


@pytest.mark.parametrize(("backend", "error"), CASES)
def test_a_call_whose_connection_breaks_is_repeated(backend: str, error: Exception) -> None:
    errors = [error]

    async def operation() -> str:
        if errors:
            raise errors.pop()
        return "done"

    assert asyncio.run(calls(backend).run(operation)) == "done"


@pytest.mark.parametrize(("backend", "error"), CASES)
def test_a_call_that_must_not_be_repeated_raises_history_unavailable(
    backend: str, error: Exception
) -> None:
    async def operation() -> None:
        raise error

    with pytest.raises(HistoryUnavailable, match="history"):
        asyncio.run(calls(backend).run(operation, repeat=False))


@pytest.mark.parametrize("backend", BROKEN)
def test_an_error_that_is_not_the_databases_passes_through(backend: str) -> None:
    async def operation() -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        asyncio.run(calls(backend).run(operation))
