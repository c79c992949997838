"""Make the history's database jvspatial's default database in the task's process.

The binding waits until jvspatial is imported, even if the task imports it in the middle of its
work: a task that never imports jvspatial does not pay for it. This module has its own small import
hook, because importing a library of import hooks would cost each attempt more than it saves.
"""

import sys
from collections.abc import Awaitable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jvscheduler.history.backends.database import HistoryDatabase

_MODULE: Final = "jvspatial"


class DefaultDatabase:
    """Binds the database when jvspatial is imported; before, it waits in `sys.meta_path`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._database: HistoryDatabase | None = None
        if _MODULE in sys.modules:
            self._bind()
        else:
            sys.meta_path.insert(0, self)

    def close(self) -> Awaitable[None] | None:
        """Return None when no database was bound."""
        return None if self._database is None else self._database.close()

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _MODULE:
            return None
        from importlib.util import find_spec  # noqa: PLC0415 - few tasks come here

        # Remove this finder first: `find_spec` would otherwise call it again, without end.
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

        self._database = bind(self._url)
