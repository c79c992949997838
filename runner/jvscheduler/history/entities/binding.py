"""Binds users' own jvspatial entities to the history's database.

A task that says `await Product.find()` names no database; jvspatial then takes
the process's default context. In a task's process that is the database whose
URL the environment gives, so that the same code works in `dev` and in a pod.
"""

from jvspatial.core.context import GraphContext, set_default_context

from jvscheduler.history.backends.database import HistoryDatabase
from jvscheduler.history.backends.registry import load_all, open_database
from jvscheduler.history.bounded import CALL_SECONDS
from jvscheduler.history.urls import parse_url

CONNECTIONS = 5

load_all()  # runs are forked from a process that has imported this; each would else load them anew


def bind(url: str) -> HistoryDatabase:
    """Makes the URL's database jvspatial's default here; it connects when first used.

    Close what is returned in the event loop that used it, or the process does
    not exit by itself.
    """
    bound = open_database(parse_url(url), connections=CONNECTIONS, timeout=CALL_SECONDS)
    set_default_context(GraphContext(bound))
    return bound
