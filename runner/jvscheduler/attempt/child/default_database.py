"""jvspatial's default database in a task's process: the history's.

Bound when jvspatial is imported, be it by the task itself in the middle of its work: a
process that never imports jvspatial shall not pay for it. A library of import hooks
would cost each run more than this saves.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jvscheduler.history.backends.databases import HistoryDatabase

_MODULE: Final = "jvspatial"


class DefaultDatabase:
    """Also the finder of jvspatial, until it is found; see `sys.meta_path`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._bound: HistoryDatabase | None = None
        if _MODULE in sys.modules:
            self._bind()
        else:
            sys.meta_path.insert(0, self)

    async def close(self) -> None:
        if self._bound is not None:
            await self._bound.close()

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _MODULE:
            return None
        from importlib.util import find_spec  # noqa: PLC0415 - seldom

        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_bind(module: ModuleType) -> None:
                execute(module)
                self._bind()

            spec.loader.exec_module = execute_and_bind  # type: ignore[method-assign]
        return spec

    def _bind(self) -> None:
        from jvscheduler.history.entities.binding import bind  # noqa: PLC0415 - imports jvspatial

        self._bound = bind(self._url)
