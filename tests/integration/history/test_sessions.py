"""PostgreSQL's sessions that became useless are replaced: nobody restarts a process for them."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.backends.postgresql.database import is_about_session
from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.store.database import DatabaseHistory
from jvscheduler.history.urls import parse_url
from tests.support.history.outcomes import completed, of_job

CONNECTIONS = 5
READ_ONLY = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"


def test_sessions_that_became_read_only_are_replaced(postgres_url: str) -> None:
    async def story() -> None:
        opened: Any = open_database(parse_url(postgres_url), connections=CONNECTIONS, timeout=10)
        store = DatabaseHistory(opened, "history")
        await store.open()
        pool = await opened._ensure_pool()  # noqa: SLF001 - it has no public name
        held = [await pool.acquire() for _ in range(CONNECTIONS)]
        for connection in held:
            await connection.execute(READ_ONLY)
            await pool.release(connection)
        for number in range(3):
            await store.record(completed(of_job(number)))
        assert sum((await store.counts()).values()) == 3
        await store.close()

    asyncio.run(story())


def test_a_server_that_takes_no_writes_is_not_taken(postgres_url: str) -> None:
    name = urlsplit(postgres_url).path.removeprefix("/")

    async def story() -> None:
        owner = await asyncpg.connect(postgres_url)
        store = DatabaseHistory(_opened(postgres_url), "history")
        setting = f'ALTER DATABASE "{name}" SET default_transaction_read_only = '
        await owner.execute(f"{setting} on")
        with pytest.raises(HistoryUnavailable):
            await store.ping()
        reader = f"{postgres_url}{'&' if '?' in postgres_url else '?'}target_session_attrs=any"
        any_server = DatabaseHistory(_opened(reader), "history")
        with pytest.raises(HistoryUnavailable, match="read-only"):
            await any_server.record(completed(of_job(1)))
        await owner.execute("SET default_transaction_read_only = off")
        await owner.execute(f"{setting} off")
        await store.record(completed(of_job(1)))
        for closing in (store, any_server, owner):
            await closing.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (asyncpg.ReadOnlySQLTransactionError, True),
        (asyncpg.AdminShutdownError, True),
        (asyncpg.CrashShutdownError, True),
        (asyncpg.CannotConnectNowError, True),
        (asyncpg.TooManyConnectionsError, True),
        (asyncpg.ConnectionFailureError, True),
        (asyncpg.UniqueViolationError, False),
        (asyncpg.QueryCanceledError, False),
        (asyncpg.DeadlockDetectedError, False),
    ],
)
def test_which_errors_are_about_the_session(
    error: type[asyncpg.PostgresError], expected: bool
) -> None:
    assert is_about_session(error("told")) is expected


def _opened(url: str) -> Any:
    return open_database(parse_url(url), connections=1, timeout=10)
