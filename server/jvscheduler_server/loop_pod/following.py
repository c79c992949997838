"""Keeps a loop's tasks what the cluster says they are."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from jvscheduler import names
from jvscheduler.due_instants.definition import Definition
from jvscheduler.loop.background import alongside
from jvscheduler.loop.log import Event, say
from jvscheduler.loop.loop import Loop
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.kubernetes.informer import ApiServer, Informer, Resource
from jvscheduler_server.loop_pod.assignments import (
    Assignment,
    change,
    keep_definition,
    to_assignment,
)


class Preparing(Protocol):
    def prepare(self, modules: tuple[str, ...]) -> None:
        """Have the worker import these."""


class Following:
    def __init__(
        self, api_server: ApiServer, namespace: str, name: str, loop: Loop, worker: Preparing
    ) -> None:
        path = f"/apis/{names.API_VERSION}/namespaces/{namespace}/{names.PLURAL}"
        resource = Resource(path, to_assignment, carry_over=keep_definition)
        backoff = Backoff(first=0.2, longest=10)
        self._watched = Informer(api_server, resource, self._changed, _ignore, backoff)
        self._name = name
        self._loop = loop
        self._worker = worker
        self._served: dict[str, Definition] = {}
        self._refusals: dict[str, str] = {}
        """By name of the task; said already."""
        self._synced = asyncio.Event()

    def followed(self, stop: asyncio.Event) -> AbstractAsyncContextManager[None]:
        """Entered once the tasks are known, or when `stop` comes first."""
        return alongside(self._watched.run(), self._synced, stop)

    def _changed(self) -> None:
        self._say_refusals()
        found = change(self._name, self._watched.items(), self._served)
        for definition in found.put:
            say(f"{definition.task.task_id}: {definition.task.schedule}")
            self._served[definition.name] = definition
            self._loop.put(definition)
        for name in (*found.handed_over, *found.gone):
            say(f"{self._served.pop(name).task.task_id} is served no longer")
            self._loop.remove(name, handed_over=name in found.handed_over)
        if found.put:
            self._worker.prepare(self._modules())
        self._synced.set()

    def _say_refusals(self) -> None:
        found = {a.name: a.refusal for a in self._watched.items() if a.loop == self._name}
        refusals = {name: refusal for name, refusal in found.items() if refusal}
        for name, refusal in refusals.items():
            if self._refusals.get(name) != refusal:
                say(f"the spec of {name} cannot be carried: {refusal}", Event.PROBLEM)
        self._refusals = refusals

    def _modules(self) -> tuple[str, ...]:
        return tuple(sorted({d.task.module for d in self._served.values()}))


def _ignore(_: Assignment, __: bool) -> None:
    """What is gone is no longer among the items."""
