"""The monitoring API, and the sweep that keeps the history true while pods come and go.

`Server` is jvspatial's with a scheduler in it. It is imported when it is asked
for: a cluster's server has no use for it.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jvscheduler_server.embedded.registration import register_scheduled_tasks
    from jvscheduler_server.embedded.server import Server

__all__ = ["Server", "register_scheduled_tasks"]

_MODULES: Final = {"Server": "server", "register_scheduled_tasks": "registration"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.embedded.{_MODULES[name]}"), name)
