"""The history of jobs: what was due, what became of it, in jvspatial's own format.

Jobs are jvspatial Objects so that existing jvspatial code reads them as any
other entity; users' own entities derive from `Object`, which is jvspatial's with
queries that hold on every database. Nothing is imported before it is asked for:
jvspatial takes half a second, which only those who use a store should pay.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jvscheduler.history.entities.objects import Object
    from jvscheduler.history.errors import AlreadyExists, InvalidQuery, UndecodableRecord
    from jvscheduler.history.records.jobs import ScheduledJob

__all__ = ["AlreadyExists", "InvalidQuery", "Object", "ScheduledJob", "UndecodableRecord"]

_MODULES: Final = {
    "AlreadyExists": "errors",
    "InvalidQuery": "errors",
    "Object": "entities.objects",
    "ScheduledJob": "records.jobs",
    "UndecodableRecord": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
