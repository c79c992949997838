"""The server: the monitoring API, and the repair of records that no pod could write.

`Server` and `register_scheduled_tasks` are for users' own jvspatial servers. They are imported
on first use, because a cluster's server needs neither them nor the loop.
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
