"""Rows of any jvspatial database, found, changed and deleted by conditions.

jvspatial's databases have no skip, no update or delete of many, and translate
queries each in their own way. SQLite, PostgreSQL and MongoDB get queries of our
own, in which everything is pushed down; any other database of jvspatial's is
read whole and matched in memory, which is right but slow.
"""

from typing import Any

from jvspatial.db.mongodb import MongoDB
from jvspatial.db.postgres import PostgresDB
from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.backends.batches import BATCH, Batch, Rows
from jvscheduler.history.backends.mongodb.rows import MongoRows
from jvscheduler.history.backends.postgresql.rows import PostgresRows
from jvscheduler.history.backends.scanned import ScannedRows
from jvscheduler.history.backends.sqlite.rows import SqliteRows

__all__ = ["BATCH", "Batch", "Rows", "rows_of"]


def rows_of(database: Any, collection: str) -> Rows:
    match database:
        case SQLiteDB():
            return SqliteRows(database, collection)
        case PostgresDB():
            return PostgresRows(database, collection)
        case MongoDB():
            return MongoRows(database, collection)
        case _:
            return ScannedRows(database, collection)
