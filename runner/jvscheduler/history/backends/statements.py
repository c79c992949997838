"""Many rows in one statement, for a loop that has many jobs at once; and its slots.

jvspatial writes row by row. SQLite and PostgreSQL each get statements of our
own over its tables; on any other of its databases rows go one by one.
"""

from typing import Any

from jvspatial.db.postgres import PostgresDB
from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.backends.postgresql.slots import PostgresSlots
from jvscheduler.history.backends.postgresql.statements import PostgresStatements
from jvscheduler.history.backends.seam import Change, Statements
from jvscheduler.history.backends.single import SingleSlots, SingleStatements
from jvscheduler.history.backends.sqlite.slots import SqliteSlots
from jvscheduler.history.backends.sqlite.statements import SqliteStatements
from jvscheduler.history.slots.requests import Slots

__all__ = ["Change", "Statements", "slots_of", "statements_of"]


def statements_of(database: Any, collection: str) -> Statements:
    match database:
        case SQLiteDB():
            return SqliteStatements(database, collection)
        case PostgresDB():
            return PostgresStatements(database, collection)
        case _:
            return SingleStatements(database, collection)


def slots_of(database: Any, collection: str) -> Slots:
    match database:
        case SQLiteDB():
            return SqliteSlots(SqliteStatements(database, collection))
        case PostgresDB():
            return PostgresSlots(PostgresStatements(database, collection))
        case _:
            return SingleSlots(SingleStatements(database, collection))
