"""Every call of a database fails in one way, whatever the driver raises."""

import asyncio
import sqlite3
from dataclasses import replace

import asyncpg
import pytest
from pymongo.errors import AutoReconnect, DocumentTooLarge, OperationFailure

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history import InvalidQuery
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
    for error in [*BROKEN[entry.name], *ANY_DRIVER]
]


def calls(backend: str, *, refusing: bool = False) -> BoundedCalls:
    (entry,) = [entry for entry in BACKENDS if entry.name == backend]
    found = entry.load()
    plain = BoundedCalls("history", 10, found.failures)
    return replace(plain, refuses=found.refuses) if refusing else plain


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


@pytest.mark.parametrize(
    ("backend", "error"),
    [
        ("sqlite", sqlite3.OperationalError("too many SQL variables")),
        ("sqlite", sqlite3.OperationalError("Expression tree is too large (maximum depth 1000)")),
        ("sqlite", sqlite3.OperationalError("parser stack overflow")),
        ("sqlite", sqlite3.DataError("string or blob too big")),
        ("postgresql", asyncpg.InterfaceError("the number of query arguments cannot exceed 32767")),
        ("postgresql", asyncpg.StatementTooComplexError("stack depth limit exceeded")),
        ("postgresql", asyncpg.UntranslatableCharacterError("no NUL in JSON")),
        ("postgresql", asyncpg.DataError("invalid input for query argument $1")),
        ("mongodb", DocumentTooLarge("BSON document too large")),
        ("mongodb", OperationFailure("exceeded the limit of nested documents", 15)),
    ],
)
@pytest.mark.parametrize("repeat", [True, False])
def test_what_a_database_refuses_is_no_outage(backend: str, error: Exception, repeat: bool) -> None:
    attempts: list[None] = []

    async def operation() -> None:
        attempts.append(None)
        raise error

    with pytest.raises(InvalidQuery, match="refuses the call"):
        asyncio.run(calls(backend, refusing=True).run(operation, repeat=repeat))
    assert len(attempts) == 1


@pytest.mark.parametrize(("backend", "error"), CASES)
def test_an_outage_is_no_refusal(backend: str, error: Exception) -> None:
    async def operation() -> None:
        raise error

    with pytest.raises(HistoryUnavailable):
        asyncio.run(calls(backend, refusing=True).run(operation, repeat=False))


@pytest.mark.parametrize("backend", BROKEN)
def test_an_error_that_is_not_the_databases_passes_through(backend: str) -> None:
    async def operation() -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        asyncio.run(calls(backend).run(operation))
