"""Settles what was due before a loop took its tasks over, beside its serving them.

It begins when the history answers; and when that was away, once every other loop
has told it what it kept meanwhile. Until then the loop's disk remembers what is
still to be settled.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from jvscheduler.due_instants.decide import Decision, decide_in_parts, without_start
from jvscheduler.due_instants.definition import Definition, revision_of
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.loop.background import Background
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.log import Event, say
from jvscheduler.loop.recording.guarded_history import GuardedHistory
from jvscheduler.loop.recording.recorder import Recorder
from jvscheduler.loop.scheduling.served_tasks import ServedTasks
from jvscheduler.loop.takeover.decide import Takeover, past
from jvscheduler.loop.takeover.gather import Told, told_of
from jvscheduler.loop.takeover.spooled import SpooledTakeovers
from jvscheduler.outcomes import Reason

_PAUSE: Final = timedelta(seconds=1)

Writing = asyncio.Task[None]
Act = Callable[[Definition, Decision], Writing | None]
"""Starts the account's job, if it has one, and the writing of its stretches."""


class Takeovers:
    def __init__(  # noqa: PLR0913 - the parts of the loop that it works with
        self,
        history: GuardedHistory,
        recorder: Recorder,
        spooled: SpooledTakeovers,
        served: ServedTasks,
        clock: Clock,
        *,
        work: Background,
        act: Act,
    ) -> None:
        self._history = history
        self._recorder = recorder
        self._spooled = spooled
        self._served = served
        self._clock = clock
        self._work = work
        self._act = act
        self._untold: dict[str, Takeover] = {}
        """By the task's name; also of one that was edited or removed since."""
        self.looked_back = asyncio.Event()
        """The history was asked once for the past, or is away; or nothing is served any more."""

    def has(self, name: str) -> bool:
        return name in self._untold

    def begin(self, definition: Definition, since: datetime) -> None:
        self._untold[definition.name] = Takeover(definition, since)

    def revised(self, name: str, revision: ScheduleRevision) -> None:
        """It is this loop's own, and none of the past."""
        if name in self._untold:
            self._untold[name].own.add(revision.id)

    def leave(self, name: str) -> None:
        """To who serves the task next."""
        if name in self._untold:
            self._spooled.hand_over(self._untold.pop(name))

    async def settle(self, stopping: asyncio.Event) -> None:
        """Until the loop stops. What takes long, their account, comes when the first instants may
        be served already."""
        while not stopping.is_set():
            pasts: list[tuple[Takeover, Told]] = []
            await self._work.run(self._history.if_available(partial(self._look_back, pasts)))
            self.looked_back.set()
            self._spool_unsettled()
            writings: list[Writing] = []
            for takeover, told in pasts:
                await self._work.run(self._settle(takeover, told, stopping, writings))
            if writings:
                await asyncio.wait(writings)
            for takeover, _ in pasts:
                self._spooled.mark_settled(takeover.definition.name)
            await self._clock.pause(_PAUSE, stopping)

    def _spool_unsettled(self) -> None:
        # If this loop ends before the history is back, the next one settles them.
        if not self._history.is_complete:
            for takeover in self._untold.values():
                self._spooled.add(takeover)

    async def _look_back(self, pasts: list[tuple[Takeover, Told]]) -> None:
        """Raises HistoryUnavailable with nothing done."""
        if not self._untold or not self._history.is_complete:
            return
        untold = dict(self._untold)
        for name, told in (await told_of(self._history.store, untold)).items():
            if self._untold.get(name) is untold[name]:  # not handed over meanwhile
                pasts.append(self._rested(self._untold.pop(name), told))

    def _rested(self, takeover: Takeover, told: Told) -> tuple[Takeover, Told]:
        """What has a record is not due again."""
        latest = told.latest
        if latest is None or not self._served.skip(takeover.definition.name, latest):
            return takeover, told
        return replace(takeover, since=latest), replace(told, before=latest)

    async def _settle(
        self, takeover: Takeover, told: Told, stopping: asyncio.Event, writings: list[Writing]
    ) -> None:
        """The latest record says up to where there is an account: so the earliest come first."""
        definition, since = takeover.definition, takeover.since
        found = past(takeover, told.revisions, told.before)
        if found.problem:
            say(f"the past of {definition.name} has no record: {found.problem}", Event.PROBLEM)
        following = definition.task.schedule.next(since)
        writing = self._act(definition, Decision(stretches=found.in_hand))
        for piece in decide_in_parts(found.definition, found.after, since, Reason.LOOP_DOWN):
            if writing is not None:
                await asyncio.wait({writing})
            served = self._served.get(definition.name)
            overtaken = following is not None and following <= self._clock.now()
            may_run = found.runs and served and not overtaken and not stopping.is_set()
            owed = piece if may_run else without_start(definition, piece, Reason.LOOP_DOWN)
            writing = self._act(served or definition, owed)
            await asyncio.sleep(0)
        if writing is not None:
            writings.append(writing)
        if found.begins is not None:
            revising = self._recorder.add_revision(revision_of(definition, found.begins))
            writings.append(self._work.start(revising))
