"""jvspatial's default database in a task's process: the history's.

Bound when jvspatial is imported, be it by the task itself in the middle of its work: a
process that never imports jvspatial shall not pay for it.
"""

from types import ModuleType
from typing import TYPE_CHECKING

from wrapt import register_post_import_hook

if TYPE_CHECKING:
    from jvscheduler.history.databases import HistoryDatabase


class DefaultDatabase:
    def __init__(self, url: str) -> None:
        self._url = url
        self._bound: HistoryDatabase | None = None
        register_post_import_hook(self._bind, "jvspatial")

    async def close(self) -> None:
        if self._bound is not None:
            await self._bound.close()

    def _bind(self, _jvspatial: ModuleType) -> None:
        from jvscheduler.history.binding import bind  # noqa: PLC0415 - imports jvspatial

        self._bound = bind(self._url)
