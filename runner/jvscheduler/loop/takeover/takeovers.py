"""Settles this loop's own takeovers, while it serves the tasks.

It begins when the history answers. If the history was away before, it begins once every
other loop has had the time to replay its spool.

A takeover is noted before any later instant of its task is recorded: in the history, or in this
loop's spool while the history is away. If this loop is killed, another one finds the note. Else
it would go on from the last record, and what was due before this loop would get none.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from jvscheduler.due_instants.decide import DueDecision, decide_in_parts, without_start
from jvscheduler.due_instants.definition import Definition, revision_of
from jvscheduler.due_instants.takeover.decide import (
    Takeover,
    TaskRecords,
    UnrecordedPeriod,
    decide,
    latest_time,
)
from jvscheduler.due_instants.takeover.gather import gather
from jvscheduler.due_instants.takeover.settle import settle_noted
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.loop.background import Background
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.execution.dispatch import Dispatch
from jvscheduler.loop.log import say_unrecorded
from jvscheduler.loop.recording.guarded_history import GuardedHistory
from jvscheduler.loop.recording.write_order import Turn, WriteOrder
from jvscheduler.loop.scheduling.served_tasks import ServedTasks
from jvscheduler.loop.takeover.spooled import SpooledTakeovers, unsettled_of
from jvscheduler.outcomes import Reason

_PAUSE: Final = timedelta(seconds=1)
"""The pause between two looks at the takeovers that wait."""


@dataclass(frozen=True)
class _Note:
    takeover: UnsettledTakeover
    turn: Turn
    """It ends when the note is written."""


@dataclass(frozen=True)
class _Gathered:
    takeover: Takeover
    history: TaskRecords
    own_revisions: frozenset[str]
    note: _Note

    @property
    def name(self) -> str:
        return self.takeover.definition.name

    def decide(self) -> UnrecordedPeriod:
        return decide(self.takeover, self.history, self.own_revisions)


class Takeovers:
    def __init__(
        self,
        history: GuardedHistory,
        spooled: SpooledTakeovers,
        served: ServedTasks,
        dispatch: Dispatch,
        clock: Clock,
    ) -> None:
        self._history = history
        self._spooled = spooled
        self._served = served
        self._dispatch = dispatch
        self._clock = clock
        self._background = Background()
        self._order = WriteOrder()
        """The order of what came due before this loop had the tasks."""
        self._notes: dict[str, _Note] = {}
        """The notes of the takeovers that wait, by the task's name."""
        self._settled_notes: list[UnsettledTakeover] = []
        """The takeovers to remove from the history."""
        self._waiting: dict[str, Takeover] = {}
        """By the task's name. The task may have been edited or removed since."""
        self._own_revisions: defaultdict[str, set[str]] = defaultdict(set)
        """Ids of the revisions that this loop has added since a takeover that waits."""
        self.looked_back = asyncio.Event()
        """Set when the history was asked once, when it is away, or when the loop stops."""

    def has(self, name: str) -> bool:
        return name in self._waiting

    def begin(self, definition: Definition, since: datetime) -> None:
        takeover = Takeover(definition, since)

        def spool_note() -> None:
            # It may have been handed over while the history did not answer. Then it is spooled.
            if self._waiting.get(definition.name) is takeover:
                self._spooled.add(takeover)

        self._waiting[definition.name], unsettled = takeover, unsettled_of(takeover)
        turn = self._dispatch.add_takeover(unsettled, spool_note)
        self._notes[definition.name] = _Note(unsettled, turn)

    def on_revision(self, name: str, revision: ScheduleRevision) -> None:
        """Note a revision of this loop's own: it was not in force before the takeover."""
        if name in self._waiting:
            self._own_revisions[name].add(revision.id)

    def hand_over(self, name: str) -> None:
        """Another loop or a CronJob serves the task now. The next replay settles the takeover."""
        if name in self._waiting:
            self._own_revisions.pop(name, None)
            self._notes.pop(name)
            self._spooled.hand_over(self._waiting.pop(name))

    async def run(self, stop: asyncio.Event) -> None:
        """Settle the takeovers until the stop.

        Recording a long downtime takes time. The tasks are served meanwhile.
        """
        while not stop.is_set():
            gathered: list[_Gathered] = []
            await self._background.run(self._history.if_available(partial(self._gather, gathered)))
            self.looked_back.set()
            self._spool_waiting()
            writes: list[Turn] = []
            for item in gathered:
                await self._background.run(self._settle(item, stop, writes))
            for write in writes:
                await write.over()
            for item in gathered:
                self._spooled.mark_settled(item.name)
            self._settled_notes += [item.note.takeover for item in gathered]
            await self._background.run(self._history.if_available(self._remove_notes))
            await self._clock.pause(_PAUSE, stop)

    async def _remove_notes(self) -> None:
        settled = list(self._settled_notes)
        if settled:
            await self._history.store.remove_takeovers(settled)
            self._settled_notes = [note for note in self._settled_notes if note not in settled]

    def _spool_waiting(self) -> None:
        # If this loop ends before the history is back, the next loop settles them.
        if not self._history.is_complete:
            for takeover in self._waiting.values():
                self._spooled.add(takeover)

    async def _gather(self, gathered: list[_Gathered]) -> None:
        """Append what can be settled now. Raises HistoryUnavailable, with nothing appended."""
        if not self._waiting or not self._history.is_complete:
            return
        waiting = dict(self._waiting)
        await self._settle_noted(waiting)
        for name, history in (await gather(self._history.store, waiting)).items():
            # The task may have been handed over while the history was asked.
            if self._waiting.get(name) is waiting[name]:
                gathered.append(self._take(name, history))

    async def _settle_noted(self, waiting: Mapping[str, Takeover]) -> None:
        """Settle what loops before this one have left of the same tasks."""
        since = {t.definition.task.task_id: t.since for t in waiting.values()}
        (namespace,) = {t.definition.namespace for t in waiting.values()}
        noted = await self._history.store.takeovers(namespace, list(since))
        # A later one is of a loop that has the task by now, and settles it itself.
        dated = [(note, note.revision.since) for note in noted if note.task_id in since]
        left = [note for note, began in dated if began and began < since[note.task_id]]
        await settle_noted(self._history.store, left, self._clock.now(), say_unrecorded)

    def _take(self, name: str, history: TaskRecords) -> _Gathered:
        takeover = self._waiting.pop(name)
        own_revisions = frozenset(self._own_revisions.pop(name, ()))
        latest = latest_time(history, own_revisions)
        if latest is not None and self._served.skip(name, latest):
            # An earlier loop's clock was ahead of this one's: it has recorded instants, or begun
            # to serve the task, at times that are still to come. The task rests until then.
            # Otherwise instants would be due twice, or before there was a definition.
            takeover = replace(takeover, since=latest)
            history = replace(history, last_instant=latest)
        return _Gathered(takeover, history, own_revisions, self._notes.pop(name))

    async def _settle(self, item: _Gathered, stop: asyncio.Event, writes: list[Turn]) -> None:
        # A note that came after its removal would stay.
        writes.append(item.note.turn)
        definition, since = item.takeover.definition, item.takeover.since
        period = item.decide()
        if period.problem:
            say_unrecorded(item.name, period.problem)
        unclaimed = DueDecision(stretches=period.unclaimed)
        write = self._dispatch.apply(definition, unclaimed, self._order)
        for part in decide_in_parts(period.definition, period.after, since, Reason.LOOP_DOWN):
            if write is not None:
                # A downtime may have more parts than fit into memory.
                await write.over()
            write = self._apply(item.takeover, part, may_start=period.may_start, stop=stop)
            await asyncio.sleep(0)
        if write is not None:
            writes.append(write)
        if period.revision_since is not None:
            # It comes last: the next loop takes everything before a revision for settled.
            revision = revision_of(definition, period.revision_since)
            writes.append(self._dispatch.add_revision(item.name, revision, self._order))

    def _apply(
        self, takeover: Takeover, part: DueDecision, *, may_start: bool, stop: asyncio.Event
    ) -> Turn | None:
        definition = takeover.definition
        served = self._served.get(definition.name)
        following = definition.task.schedule.next(takeover.since)
        # A later instant is due already: as with a CronJob, the latest one alone runs.
        is_overtaken = following is not None and following <= self._clock.now()
        if not may_start or served is None or is_overtaken or stop.is_set():
            part = without_start(definition, part, Reason.LOOP_DOWN)
        return self._dispatch.apply(served or definition, part, self._order)
