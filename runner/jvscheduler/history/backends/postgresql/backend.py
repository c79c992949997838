"""PostgreSQL as a backend of the history."""

from typing import Any, Final

import asyncpg
from jvspatial.db.postgres import PostgresDB

from jvscheduler.history.backends.backend import Backend
from jvscheduler.history.backends.database import COMMON_FAILURES
from jvscheduler.history.backends.limits import Limits
from jvscheduler.history.backends.postgresql.database import PostgresDatabase
from jvscheduler.history.backends.postgresql.rows import PostgresRows
from jvscheduler.history.backends.postgresql.slots import PostgresSlots
from jvscheduler.history.backends.postgresql.statements import PostgresStatements
from jvscheduler.history.backends.postgresql.url import (
    NO_STATEMENTS,
    with_schema,
    without_statements,
)
from jvscheduler.history.backends.url import DatabaseUrl

_LOST_STATEMENTS: Final = ("26000", "42P05")
"""The SQLSTATEs of a prepared statement that does not exist, and of one that exists already."""


def _open(url: DatabaseUrl, limits: Limits) -> PostgresDatabase:
    return PostgresDatabase(url.text, limits)


def _url_of(database: PostgresDB) -> str:
    """Return the URL, with options for what jvspatial's own database is told beside it."""
    url = with_schema(str(database.dsn), database.schema_name)
    return without_statements(url) if database.pooler_mode == "transaction" else url


def _describe(error: Exception) -> str:
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate in _LOST_STATEMENTS:
        return f"{error}; behind a pooler in transaction mode, add ?{NO_STATEMENTS} to the URL"
    return str(error)


def _refuses(error: Exception) -> bool:
    """Wrong data (class 22), a limit of statements (54), or what asyncpg cannot send."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate)[:2] in ("22", "54")
    return isinstance(error, asyncpg.DataError) or "query arguments" in str(error)


def _slots(database: Any, collection: str) -> PostgresSlots:
    return PostgresSlots(PostgresStatements(database, collection))


BACKEND: Final = Backend(
    open=_open,
    url_of=_url_of,
    rows=PostgresRows,
    statements=PostgresStatements,
    slots=_slots,
    failures=(
        *COMMON_FAILURES,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
    ),
    refuses=_refuses,
    describe=_describe,
)
