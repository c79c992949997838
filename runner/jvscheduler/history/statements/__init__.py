"""Many rows in one statement, for a loop that has many jobs at once; and its slots.

jvspatial writes row by row. SQLite and PostgreSQL each get statements of our
own over its tables; a database that is added needs a module of its own here.
"""

from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.databases import AtomicSQLite, LightPostgres
from jvscheduler.history.slots import Slots
from jvscheduler.history.statements.postgres import PostgresStatements
from jvscheduler.history.statements.postgres_slots import PostgresSlots
from jvscheduler.history.statements.seam import Change, Statements
from jvscheduler.history.statements.sqlite import SqliteStatements
from jvscheduler.history.statements.sqlite_slots import SqliteSlots

__all__ = ["Change", "Statements", "slots_of", "statements_of"]


def statements_of(database: AtomicSQLite | LightPostgres, collection: str) -> Statements:
    if isinstance(database, SQLiteDB):
        return SqliteStatements(database, collection)
    return PostgresStatements(database, collection)


def slots_of(database: AtomicSQLite | LightPostgres, collection: str) -> Slots:
    if isinstance(database, SQLiteDB):
        return SqliteSlots(SqliteStatements(database, collection))
    return PostgresSlots(PostgresStatements(database, collection))
