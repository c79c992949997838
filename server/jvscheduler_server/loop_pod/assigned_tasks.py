"""Makes a loop serve the ScheduledTasks that the operator has assigned to it."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from jvscheduler import names
from jvscheduler.due_instants.definition import Definition
from jvscheduler.edge.set_aside import SetAside
from jvscheduler.loop.background import alongside
from jvscheduler.loop.log import Event, say, say_problem
from jvscheduler.loop.loop import Loop
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.kubernetes.informer import ApiServer, Informer, Resource
from jvscheduler_server.loop_pod.assignments import (
    Assignment,
    decide_changes,
    keep_definition,
    to_assignment,
)


class Importer(Protocol):
    def prepare(self, modules: tuple[str, ...]) -> None:
        """Make the worker import these modules."""


class AssignedTasks:
    def __init__(
        self, api_server: ApiServer, namespace: str, name: str, loop: Loop, worker: Importer
    ) -> None:
        path = f"/apis/{names.API_VERSION}/namespaces/{namespace}/{names.PLURAL}"
        resource = Resource(path, to_assignment, carry_over=keep_definition)
        backoff = Backoff(first=0.2, longest=10)
        self._informer = Informer(api_server, resource, self._update, _ignore, backoff)
        self._name = name
        self._loop = loop
        self._worker = worker
        self._served: dict[str, Definition] = {}
        self._refusals: dict[str, str] = {}
        """By name of the task: the refusals that were logged."""
        self._set_aside = SetAside("tasks", say_problem)
        self._synced = asyncio.Event()

    def watched(self, stop: asyncio.Event) -> AbstractAsyncContextManager[None]:
        """Watch while the context lasts. It is entered once the tasks are known, or at `stop`."""
        return alongside(self._informer.run(), self._synced, stop)

    def _update(self) -> None:
        self._log_refusals()
        changes = decide_changes(self._name, self._informer.items(), self._served)
        for definition in changes.serve:
            say(f"{definition.task.task_id}: {definition.task.schedule}")
            self._served[definition.name] = definition
            self._put(definition)
        for name in (*changes.handed_over, *changes.deleted):
            say(f"{self._served.pop(name).task.task_id} is served no longer")
            self._loop.remove(name, handed_over=name in changes.handed_over)
        if changes.serve:
            self._worker.prepare(self._modules())
        self._synced.set()

    def _put(self, definition: Definition) -> None:
        try:
            self._loop.put(definition)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is about this task
            # Without this, a task that the loop cannot serve would keep the others from it.
            self._set_aside.add(definition.name, repr(error))

    def _log_refusals(self) -> None:
        ours = {a.name: a.refusal for a in self._informer.items() if a.loop == self._name}
        refusals = {name: refusal for name, refusal in ours.items() if refusal}
        for name, refusal in refusals.items():
            # Every change of any task comes by here: log a refusal once only.
            if self._refusals.get(name) != refusal:
                say(f"the spec of {name} cannot be carried: {refusal}", Event.PROBLEM)
        self._refusals = refusals

    def _modules(self) -> tuple[str, ...]:
        return tuple(sorted({d.task.module for d in self._served.values()}))


def _ignore(_: Assignment, __: bool) -> None:
    """A deleted task is no longer among the informer's items; that says enough."""
