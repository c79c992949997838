"""Waits for the next due instant, and has each task decided when it is due."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.loop.clock import Clock
from jvscheduler.loop.execution.dispatch import Dispatch
from jvscheduler.loop.scheduling.served_tasks import ServedTasks

LEAD: Final = timedelta(milliseconds=500)
"""How long before it is due a job's child is forked. When many jobs are due at once, their
children are ready, and only have to be let go."""


class Scheduler:
    def __init__(self, served: ServedTasks, dispatch: Dispatch, clock: Clock) -> None:
        self._served = served
        self._dispatch = dispatch
        self._clock = clock
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look again which task is due next: the tasks have changed, or the loop stops."""
        self._wake.set()

    def look(self, name: str, now: datetime) -> None:
        """Decide what came due of a task until now, and act on it."""
        decision = self._served.decide(name, now)
        definition = self._served.get(name)
        if definition is not None:
            self._dispatch.apply(definition, decision)

    async def run(self, stop: asyncio.Event) -> None:
        horizon = self._clock.now()
        while not stop.is_set():
            self._wake.clear()
            due = self._served.next()
            await self._clock.wait_until(due and due - LEAD, self._wake)
            # The horizon never moves back, though the clock may be set back.
            horizon = max(horizon, self._clock.now() + LEAD)
            for name in self._served.take_due(horizon):
                self.look(name, horizon)
