"""The history of jobs: which jobs were due, and what their outcomes were, in jvspatial's format.

Jobs are jvspatial Objects, so that existing jvspatial code reads them like any other entity.
Users derive their own entities from `Object`: jvspatial's, with queries that mean the same on
every database.

A name is imported when it is first used: to import jvspatial takes half a second, which only
a process that uses a store should pay.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jvscheduler.history.connection import connect
    from jvscheduler.history.entities.objects import Object
    from jvscheduler.history.errors import AlreadyExists, InvalidQuery, UndecodableRecord
    from jvscheduler.history.records.jobs import ScheduledJob

__all__ = [
    "AlreadyExists",
    "InvalidQuery",
    "Object",
    "ScheduledJob",
    "UndecodableRecord",
    "connect",
]

_MODULES: Final = {
    "AlreadyExists": "errors",
    "InvalidQuery": "errors",
    "Object": "entities.objects",
    "ScheduledJob": "records.jobs",
    "UndecodableRecord": "errors",
    "connect": "connection",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
