"""Binds users' jvspatial entities to the history's database.

A task that calls `await Product.find()` names no database, so jvspatial uses the process's
default context. In a task's process the default is the database at the environment's URL. So
the same code works in `dev` and in a pod.
"""

from typing import Final

from jvspatial.core.context import GraphContext, set_default_context

from jvscheduler.history.backends.database import HistoryDatabase
from jvscheduler.history.backends.limits import TASK_PATIENCE_SECONDS
from jvscheduler.history.backends.registry import load_all, open_database
from jvscheduler.history.bounded import CALL_SECONDS
from jvscheduler.history.urls import parse_url

_CONNECTIONS: Final = 5
"""The most connections of one task's process."""
_IDLE_SECONDS: Final = 1.0
"""While the task does other things, it holds no connection."""

# A worker imports this module before it forks. Without this line each of its children would
# import the backend again.
load_all()


def bind(url: str, *, idle: float = _IDLE_SECONDS) -> HistoryDatabase:
    """Make the database at this URL jvspatial's default. It connects when it is first used.

    `idle`: close a connection that no call has used for so many seconds.

    Close the returned database in the event loop that used it; else the process does not exit.
    """
    database = open_for_task(url, idle=idle)
    set_default_context(GraphContext(database))
    return database


def open_for_task(url: str, *, idle: float = _IDLE_SECONDS) -> HistoryDatabase:
    """The database at this URL, for a task's code or a script."""
    return open_database(
        parse_url(url),
        connections=_CONNECTIONS,
        timeout=CALL_SECONDS,
        patience=TASK_PATIENCE_SECONDS,
        idle=idle,
    )
