"""MongoDB as a backend of the history.

A single server has no transactions, so many rows at once are the generic backend's one by one.
"""

from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from bson.errors import InvalidDocument
from jvspatial.db.mongodb import MongoDB
from jvspatial.exceptions import DatabaseError
from pymongo.errors import OperationFailure, PyMongoError

from jvscheduler.history.backends.backend import Backend
from jvscheduler.history.backends.database import COMMON_FAILURES
from jvscheduler.history.backends.generic.slots import GenericSlots
from jvscheduler.history.backends.generic.statements import GenericStatements
from jvscheduler.history.backends.limits import Limits
from jvscheduler.history.backends.mongodb.database import MongoDatabase
from jvscheduler.history.backends.mongodb.rows import MongoRows
from jvscheduler.history.backends.url import DatabaseUrl


def _open(url: DatabaseUrl, limits: Limits) -> MongoDatabase:
    return MongoDatabase(url.text, url.database, limits)


def _url_of(database: MongoDB) -> str:
    """jvspatial takes the database's name apart from the URL, whose own path it ignores.

    To the driver the path also names the database of the users, unless an option does.
    """
    parts = urlsplit(database.uri)
    users, query = parts.path.strip("/"), parts.query
    if "@" in parts.netloc and users and "authsource=" not in query.lower():
        query = "&".join(part for part in (query, f"authSource={users}") if part)
    return urlunsplit(parts._replace(path=f"/{database.db_name}", query=query))


_REFUSALS: Final = (2, 9, 14, 15, 10334, 17280, 17419, 17420, 51091)
"""The codes of MongoDB's errors for wrong values, and for documents that are too large or deep."""


def _refuses(error: Exception) -> bool:
    # jvspatial wraps the driver's error in one of its own.
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    if isinstance(cause, OperationFailure):
        return cause.code in _REFUSALS
    return isinstance(cause, InvalidDocument)


def _describe(error: Exception) -> str:
    """PyMongo appends its settings, and all that it knows of the servers."""
    text = str(error)
    for appended in (" (configured timeouts", ", Timeout:"):
        text = text.partition(appended)[0]
    return text


def _slots(database: Any, collection: str) -> GenericSlots:
    return GenericSlots(GenericStatements(database, collection))


BACKEND: Final = Backend(
    open=_open,
    url_of=_url_of,
    rows=MongoRows,
    statements=GenericStatements,
    slots=_slots,
    failures=(*COMMON_FAILURES, PyMongoError, InvalidDocument),
    refuses=_refuses,
    describe=_describe,
)
