"""Settles the takeovers that a loop has begun and left, because it was killed or ended.

They were found in its spool, in order with what else it did, or in the history. None of their
instants runs any more.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.due_instants.decide import stretches_between
from jvscheduler.due_instants.definition import decides_alike, definition_of, revision_of
from jvscheduler.due_instants.takeover.decide import Takeover, TaskRecords, decide
from jvscheduler.due_instants.takeover.gather import gather
from jvscheduler.errors import InvalidSchedule
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.history.store.protocol import LoopStore

Report = Callable[[str, str], None]
"""It takes a ScheduledTask's name, and the reason why its due instants get no record."""

_LONGEST: Final = timedelta(days=7)
"""A takeover of longer ago is not settled. Records of that time may have been pruned, and would
be taken for missing."""


async def settle_spooled(
    store: LoopStore, takeovers: Sequence[UnsettledTakeover], report: Report
) -> None:
    """Settle what an earlier loop, or this one, has left on disk.

    Raises HistoryUnavailable. The same call may be made again.
    """
    for takeover in takeovers:
        await _Left(store, takeover, report).settle()
    await store.remove_takeovers(takeovers)


async def settle_noted(
    store: LoopStore, takeovers: Sequence[UnsettledTakeover], now: datetime, report: Report
) -> None:
    """Settle what earlier loops have left in the history, oldest first.

    Raises HistoryUnavailable. The same call may be made again.
    """
    dated = [(takeover.revision.since, takeover) for takeover in takeovers]
    for since, takeover in sorted(((s, t) for s, t in dated if s), key=lambda pair: pair[0]):
        if now - since > _LONGEST:
            report(takeover.name, f"a loop left it at {since:%Y-%m-%dT%H:%M:%SZ}")
        else:
            await _Left(store, takeover, report).settle_if_needed()
    if takeovers:
        await store.remove_takeovers(takeovers)


class _Left:
    def __init__(self, store: LoopStore, left: UnsettledTakeover, report: Report) -> None:
        self._store = store
        self._left = left
        self._report = report

    async def settle(self) -> None:
        gathered = await self._gather()
        if gathered is not None:
            await self._settle(*gathered)

    async def settle_if_needed(self) -> None:
        gathered = await self._gather()
        if gathered is not None and not self._is_needless(gathered[1]):
            await self._settle(*gathered)

    async def _gather(self) -> tuple[Takeover, TaskRecords] | None:
        """None: a newer version has left it, and only that can settle it."""
        since = self._left.revision.since
        try:
            definition = definition_of(self._left.revision, self._left.name)
        except InvalidSchedule as error:
            self._report(self._left.name, str(error))
            return None
        if since is None:
            return None
        takeover = Takeover(definition, since)
        return takeover, (await gather(self._store, {self._left.name: takeover}))[self._left.name]

    def _is_needless(self, history: TaskRecords) -> bool:
        """True when the loop was killed before it recorded anything.

        The next loop's own takeover then covers the time before this one too, and may start the
        latest instant.
        """
        since, latest = self._left.revision.since, history.latest_instant
        last = history.revisions[-1] if history.revisions else None
        if since is None or last is None or last.since is None or last.since >= since:
            return False
        is_recorded_later = latest is not None and latest > since
        return not is_recorded_later and decides_alike(last, self._left.revision)

    async def _settle(self, takeover: Takeover, history: TaskRecords) -> None:
        # Later revisions are those of this loop and of others after that one.
        earlier = [r for r in history.revisions if r.since and r.since < takeover.since]
        period = decide(takeover, replace(history, revisions=earlier))
        await self._store.record_stretches(period.unclaimed)
        if period.problem:
            self._report(self._left.name, period.problem)
        for stretches in stretches_between(period.definition, period.after, takeover.since):
            await self._store.record_stretches(stretches)
        if period.revision_since is not None:
            revision = revision_of(takeover.definition, period.revision_since)
            await self._store.add_revisions([revision])
