"""SQLite as a backend of the history."""

import sqlite3
from typing import Any, Final

from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.backends.backend import Backend
from jvscheduler.history.backends.database import COMMON_FAILURES
from jvscheduler.history.backends.limits import Limits
from jvscheduler.history.backends.sqlite.database import SqliteDatabase
from jvscheduler.history.backends.sqlite.rows import SqliteRows
from jvscheduler.history.backends.sqlite.slots import SqliteSlots
from jvscheduler.history.backends.sqlite.statements import SqliteStatements
from jvscheduler.history.backends.url import DatabaseUrl


def _open(url: DatabaseUrl, limits: Limits) -> SqliteDatabase:
    return SqliteDatabase(db_path=url.path, timeout=limits.call_seconds)


def _url_of(database: SQLiteDB) -> str | None:
    in_memory = database.db_path_str == ":memory:"
    return None if in_memory else f"sqlite:///{database.db_path_str}"


def _refuses(error: Exception) -> bool:
    """SQLite has no code of its own for a statement with too many parts."""
    too_large = ("too many", "too large", "too big", "too complex", "too deep", "stack overflow")
    return isinstance(error, sqlite3.DataError) or (
        isinstance(error, sqlite3.Error) and any(text in str(error) for text in too_large)
    )


def _slots(database: Any, collection: str) -> SqliteSlots:
    return SqliteSlots(SqliteStatements(database, collection))


BACKEND: Final = Backend(
    open=_open,
    url_of=_url_of,
    rows=SqliteRows,
    statements=SqliteStatements,
    slots=_slots,
    failures=(*COMMON_FAILURES, sqlite3.Error),
    refuses=_refuses,
)
