"""Imports modules, and makes the changes of each only in the runs that import it.

In the worker, the changes of each module are noted while its code runs, apart from those of the
modules that it imports. After the import they are taken back.

A module that was imported before does not run again when another one imports it, but its changes
must be made then. So each module with changes is taken out of `sys.modules` before an import and
before a run. When it is imported there, this finder gives Python the same module again, and makes
its changes. So a run has the changes at the same points as a process that imports everything anew,
also those of a module that only the task's function imports.
"""

import contextvars
import importlib
import os
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from os import environ
from types import ModuleType
from typing import Any, Final

from jvscheduler.worker.effects.kinds import WorkersFinder
from jvscheduler.worker.effects.process import ENVIRONMENT
from jvscheduler.worker.effects.state import (
    Change,
    changes,
    names,
    read_state,
    take_back,
    with_late,
)

_OURS: Final = "JVSCHEDULER_"


class ChangesRemain(Exception):
    """Changes of an import cannot be taken back. The text names them."""


class ImportedModules:
    """The modules with changes, of all that the worker has imported."""

    def __init__(self) -> None:
        self._steps: dict[str, Sequence[Change | str]] = {}
        """The steps of each module's import, in their order: its own changes, and the names of
        modules that it imported. A module is left out when neither it nor these change anything."""
        self._runs: dict[str, RunImports] = {}
        """The changes for a run, by the module of the task. The next import empties it."""

    def import_here(self, module: str, seeds: Container[str] | None = None) -> Sequence[str]:
        """Import it, note the changes of each module, and take them back.

        Return the digests of the random states that it came to. `seeds` are those of an import in
        another process: what is the same there was seeded, and anything else was only drawn.

        Raises what the import raises, and ChangesRemain.
        """
        recorder = _Recorder(self._steps)
        try:
            # A variable of a context cannot be unset: those of the import are left with its own.
            contextvars.copy_context().run(recorder.import_module, module)
        finally:
            # After an error too: modules that were imported before it are imported once.
            new = {
                name: [step for step in steps if not _is_draw(step, seeds)]
                for name, steps in recorder.steps.items()
            }
            self._steps, self._runs = _with_changes({**self._steps, **new}), {}
        every = [step for steps in new.values() for step in steps if isinstance(step, Change)]
        return [change.digest() for change in every if change.kind.is_random]

    def for_run(self, module: str) -> "RunImports | None":
        """Return what a run of this module needs. Call it in the worker, which remembers it."""
        if self._steps and module not in self._runs:
            reached: set[str] = set()
            own = list(_changes_of(module, self._steps, reached))
            hidden = {name: steps for name, steps in self._steps.items() if name not in reached}
            self._runs[module] = RunImports(own, hidden)
        return self._runs.get(module)


@dataclass(frozen=True)
class RunImports:
    changes: Sequence[Change]
    """The changes of the task's module and of all that it imports. They are made at once: a large
    library may have hundreds of modules, and to find each in a run takes time."""
    hidden: Mapping[str, Sequence[Change | str]]
    """The other modules with changes, with the steps to take when the run imports one."""

    def begin(self) -> None:
        """Do what the import of the task's module does, and be ready for other modules."""
        if self.hidden:
            sys.meta_path.insert(0, _Finder(self.hidden))
        _make(self.changes)


def _make(steps: Iterable[Change | str]) -> None:
    for step in steps:
        if isinstance(step, str):
            importlib.import_module(step)
        elif not _is_the_tasks_own(step):
            step.make()


class _Finder(WorkersFinder):
    """Finds modules that are hidden, and makes their changes when they are imported."""

    def __init__(self, steps: Mapping[str, Sequence[Change | str]]) -> None:
        self._steps = steps
        self._hidden = {n: sys.modules.pop(n) for n in steps if n in sys.modules}

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        module = self._hidden.get(name)
        if module is None:
            return None
        loader: Any = _Loader(module, lambda: self.on_import(name))
        return ModuleSpec(name, loader, is_package=hasattr(module, "__path__"))

    def on_import(self, name: str) -> None:
        _make(self._steps[name])

    def show_all(self) -> None:
        for name, module in self._hidden.items():
            sys.modules.setdefault(name, module)


class _Loader:
    """Gives a module that was executed before."""

    def __init__(self, module: ModuleType, on_import: Callable[[], None]) -> None:
        self._module = module
        self._spec = module.__spec__
        self._on_import = on_import

    def create_module(self, _spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec
        self._on_import()


class _Recorder(_Finder):
    """Notes what each module changes while it is imported."""

    def __init__(self, known: Mapping[str, Sequence[Change | str]]) -> None:
        super().__init__(known)
        self.steps: dict[str, list[Change | str]] = {}
        self._importing: list[list[Change | str]] = [[]]
        """The steps of the modules that are being imported, the inner ones last."""
        self._before = self._last = read_state()

    def import_module(self, name: str) -> None:
        sys.meta_path.insert(0, self)
        try:
            importlib.import_module(name)
            self._note()
        finally:
            sys.meta_path.remove(self)
            self.show_all()
            remaining = take_back(self._before)
        if remaining:
            raise ChangesRemain(names(remaining))

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in self._hidden:
            return super().find_spec(name, path, target)
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find is not None else None
            if spec is not None:
                self._watch(spec)
                return spec
        return None

    def on_import(self, name: str) -> None:
        """A module that was imported before: its changes are no changes of the importing one."""
        self._note()
        self._importing[-1].append(name)
        self._importing.append([])
        try:
            super().on_import(name)
        finally:
            self._importing.pop()
            self._last = read_state()

    def _watch(self, spec: ModuleSpec) -> None:
        """Note the changes of a module that is executed for the first time."""
        loader: Any = spec.loader
        # Modules of C and frozen ones have a class as their loader, which all of them share.
        if isinstance(loader, type) or not hasattr(loader, "exec_module"):
            return
        execute, name = loader.exec_module, spec.name

        def execute_and_note(module: ModuleType) -> None:
            vars(loader).pop("exec_module", None)
            self._note()
            parent = name.rpartition(".")[0]
            # A module whose import has failed may be executed again, in another order.
            steps = self.steps.setdefault(name, [parent] if parent else [])
            self._importing[-1].append(name)
            self._importing.append(steps)
            try:
                execute(module)
            finally:
                self._note()
                self._importing.pop()

        if hasattr(loader, "__dict__"):
            loader.exec_module = execute_and_note

    def _note(self) -> None:
        """Note the changes since the last call as those of the innermost module being imported."""
        now = read_state()
        self._importing[-1].extend(changes(self._last, now))
        self._before, self._last = with_late(self._before, now), now


def _is_draw(step: Change | str, seeds: Container[str] | None) -> bool:
    if seeds is None or not isinstance(step, Change) or not step.kind.is_random:
        return False
    return step.digest() not in seeds


def _is_the_tasks_own(change: Change) -> bool:
    """True for a variable that tells the task what it is: it was not there at the import."""
    if change.kind is not ENVIRONMENT or not isinstance(change.which, bytes):
        return False
    name = os.fsdecode(change.which)
    return name.startswith(_OURS) and name in environ


def _with_changes(
    steps: Mapping[str, Sequence[Change | str]],
) -> dict[str, Sequence[Change | str]]:
    """Leave out the modules whose import changes nothing, by themselves or by what they import."""
    importers: dict[str, list[str]] = {}
    for name, own in steps.items():
        for step in own:
            if isinstance(step, str):
                importers.setdefault(step, []).append(name)
    found: set[str] = set()
    new = [name for name, own in steps.items() if any(isinstance(step, Change) for step in own)]
    while new:
        found.update(new)
        new = [each for name in new for each in importers.get(name, ()) if each not in found]
    return {
        name: [step for step in own if isinstance(step, Change) or step in found]
        for name, own in steps.items()
        if name in found
    }


def _changes_of(
    module: str, steps: Mapping[str, Sequence[Change | str]], reached: set[str]
) -> Iterator[Change]:
    """Yield the changes that an import makes, in their order, with those of what it imports."""
    reached.add(module)
    for step in steps.get(module, ()):
        if isinstance(step, Change):
            yield step
        elif step not in reached:
            yield from _changes_of(step, steps, reached)
