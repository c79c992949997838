"""Many rows in one statement, for a loop that has many jobs at once; and its slots.

jvspatial writes row by row. SQLite and PostgreSQL each get statements of our
own over its tables; on any other of its databases rows go one by one.
"""

from typing import Any

from jvspatial.db.postgres import PostgresDB
from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.slots import Slots
from jvscheduler.history.statements.postgres import PostgresStatements
from jvscheduler.history.statements.postgres_slots import PostgresSlots
from jvscheduler.history.statements.seam import Change, Statements
from jvscheduler.history.statements.single import SingleSlots, SingleStatements
from jvscheduler.history.statements.sqlite import SqliteStatements
from jvscheduler.history.statements.sqlite_slots import SqliteSlots

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
