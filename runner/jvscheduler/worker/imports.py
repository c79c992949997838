"""Imports the application once, for all runs to come, without risking the worker.

Each module is imported in a trial process first: what crashes, hangs or exits
there hurts nobody. A module that fails its trial is left to the runs, which then
say truthfully why it cannot be imported. It is tried once in a worker's life:
its code does not change.
"""

import gc
import importlib
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

from jvscheduler.attempt.process import Usage
from jvscheduler.attempt.tracebacks import error_message
from jvscheduler.attempt.verdict import Ended
from jvscheduler.worker.attempts import Send
from jvscheduler.worker.child import try_import
from jvscheduler.worker.log import Log
from jvscheduler.worker.messages import Prepared
from jvscheduler.worker.output import Output
from jvscheduler.worker.processes import Child, Children

IMPORT_SECONDS: Final = 60.0
BINDING: Final = "jvscheduler.history.entities.binding"
"""What a run needs besides when its application uses jvspatial."""


class Imports:
    """`mend` is called after a module was imported here, for what it may have changed."""

    def __init__(self, children: Children, send: Send, log: Log, mend: Callable[[], None]) -> None:
        self._children = children
        self._send = send
        self._log = log
        self._mend = mend
        self._asked: tuple[str, ...] = ()
        self._failed: dict[str, str] = {}
        self._trial: Child | None = None

    def prepare(self, modules: tuple[str, ...]) -> None:
        self._asked = modules
        if self._trial is None:
            self._advance()

    def _advance(self) -> None:
        for module in self._asked:
            if module not in sys.modules and module not in self._failed:
                self._try(module)
                return
        failed = {name: why for name, why in self._failed.items() if name in self._asked}
        imported = tuple(name for name in self._asked if name not in failed)
        self._send(Prepared(imported, failed))

    def _try(self, module: str) -> None:
        output = Output(f"importing {module}", self._log)
        ended = partial(self._tried, module)
        try:
            self._trial = self._children.fork(partial(try_import, module), output, ended)
        except OSError as error:
            self._fail(module, f"no process could be started to try it: {error}")
            self._advance()
        else:
            self._trial.go(IMPORT_SECONDS)

    def _tried(self, module: str, usage: Usage) -> None:
        trial, self._trial = self._trial, None
        why = _failure(trial.end(usage, oom_kills=0)) if trial else None
        if why is None:
            self._import(module)
        else:
            self._fail(module, why)
        self._advance()

    def _import(self, module: str) -> None:
        try:
            importlib.import_module(module)
            if "jvspatial" in sys.modules:
                importlib.import_module(BINDING)
        except BaseException as error:  # noqa: BLE001 - a module may raise SystemExit too
            self._fail(module, error_message(error))
        self._mend()
        settle()

    def _fail(self, module: str, why: str) -> None:
        self._failed[module] = why
        self._log.say(f"{module} is left to its runs to import: {why}")


def settle() -> None:
    """What is imported by now is for ever: no collection shall touch it, and copy it in a fork."""
    gc.collect()
    gc.freeze()


def _failure(end: Ended) -> str | None:
    if end.interruption is not None:
        return f"it was not imported within {IMPORT_SECONDS:g} s"
    if end.report is None:
        return f"it ended its process when imported, with {end.exit_code}"
    return end.report.error_message
