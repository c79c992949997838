"""Import the application once, for all later attempts, without risk to the worker.

Each module is first imported in a trial child: a module that crashes, hangs or exits there hurts
nobody. A module that fails its trial is not imported in the worker. Each attempt then imports it
itself, and its record says truly why that fails. A module is tried once in a worker's life, because
the code in an image does not change.
"""

import gc
import importlib
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from jvscheduler.attempt import deadlines
from jvscheduler.attempt.child.ending import prepare_for_forks
from jvscheduler.attempt.process import Usage
from jvscheduler.attempt.tracebacks import error_message
from jvscheduler.attempt.verdict import ProcessEnd
from jvscheduler.worker.child import try_import
from jvscheduler.worker.effects.imports import ImportedModules
from jvscheduler.worker.log import Log
from jvscheduler.worker.messages import Prepared, SendAnswer
from jvscheduler.worker.output import Output
from jvscheduler.worker.processes import ChildProcess, ChildProcesses

BINDING: Final = "jvscheduler.history.entities.binding"
"""Each attempt imports this module too, when its application uses jvspatial."""


class Imports:
    """`restore_handlers` is called after each import in the worker: a module may set its own."""

    def __init__(
        self,
        children: ChildProcesses,
        modules: ImportedModules,
        send: SendAnswer,
        log: Log,
        restore_handlers: Callable[[], None],
    ) -> None:
        self._children = children
        self._modules = modules
        self._send = send
        self._log = log
        self._restore_handlers = restore_handlers
        self._wanted: tuple[str, ...] = ()
        self._failed: dict[str, str] = {}
        self._trial: ChildProcess | None = None

    def prepare(self, modules: tuple[str, ...]) -> None:
        """Import these modules one after the other; send `Prepared` after the last."""
        self._wanted = modules
        if self._trial is None:
            self._continue()

    def _continue(self) -> None:
        for module in self._wanted:
            if module not in sys.modules and module not in self._failed:
                self._try(module)
                return
        failed = {name: why for name, why in self._failed.items() if name in self._wanted}
        imported = tuple(name for name in self._wanted if name not in failed)
        self._send(Prepared(imported, failed))

    def _try(self, module: str) -> None:
        output = Output(f"importing {module}", self._log)
        on_ended = partial(self._on_tried, module)
        try:
            self._trial = self._children.fork(
                partial(try_import, module, self._modules), output, on_ended
            )
        except OSError as error:
            self._fail(module, f"no process could be started to try it: {error}")
            self._continue()
        else:
            # A trial has no code of a task: the limit of an import is the only one.
            self._trial.release(None)

    def _on_tried(self, module: str, trial: ChildProcess, usage: Usage) -> None:
        self._trial = None
        end = trial.end(usage, oom_kills=0)
        why = _failure(end)
        if why is None:
            self._import(module, end.report.result if end.report else ())
        else:
            self._fail(module, why)
        self._continue()

    def _import(self, module: str, seeds: Sequence[str]) -> None:
        try:
            self._modules.import_here(module, seeds)
            if "jvspatial" in sys.modules:
                importlib.import_module(BINDING)
        except BaseException as error:  # noqa: BLE001 - a module may raise SystemExit too
            self._fail(module, error_message(error))
        self._restore_handlers()
        freeze_heap()

    def _fail(self, module: str, why: str) -> None:
        why = self._log.redactor.redact(why)
        self._failed[module] = why
        self._log.say(f"each attempt imports {module} itself, which takes longer: {why}")


def freeze_heap() -> None:
    """Take all present objects out of garbage collection.

    A collection in a child would write to each of them, and the kernel would have to copy their
    memory for that child.
    """
    gc.collect()
    # Garbage collection does not list frozen objects, and a fork inherits what is in a buffer.
    prepare_for_forks()
    gc.freeze()


def _failure(end: ProcessEnd) -> str | None:
    if end.interruption is not None:
        return f"it was not imported within {deadlines.IMPORT_SECONDS:g} s"
    if end.report is None:
        return f"it ended its process when imported, with {end.exit_code}"
    return end.report.error_message
