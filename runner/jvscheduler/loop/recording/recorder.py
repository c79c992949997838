"""Records what the loop does. It always succeeds: on disk, while the history is away.

Calls that come at the same time share a statement.
"""

from collections.abc import Awaitable, Callable, Sequence

from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.loop.recording.batching import Batcher, answering_none
from jvscheduler.loop.recording.guarded_history import GuardedHistory
from jvscheduler.loop.recording.history_writes import HistoryWrites
from jvscheduler.loop.recording.spool import Spool, SpoolEntry
from jvscheduler.outcomes import Outcome, Stretch


class LoopRecorder:
    def __init__(self, history: GuardedHistory, spool: Spool) -> None:
        self._history = history
        self._spool = spool
        self._writes = writes = HistoryWrites(history.store)
        self._claims = Batcher(writes.claim)
        self._outcomes = Batcher(answering_none(writes.record))
        self._revisions = Batcher(answering_none(writes.add_revisions))
        self._takeovers = Batcher(answering_none(writes.add_takeovers))
        self._stretches = Batcher(answering_none(self._record_stretches))

    async def claim(self, outcome: Outcome) -> bool:
        """True when the attempt may run: it has the job's record, or the history is away."""

        def spool_claim() -> bool:
            self._spool.keep(outcome)
            return True

        return await self._history.when_available(lambda: self._claims(outcome), spool_claim)

    async def record(self, outcome: Outcome) -> None:
        await self._write(lambda: self._outcomes(outcome), [outcome])

    async def record_stretches(self, stretches: Sequence[Stretch]) -> None:
        await self._write(lambda: self._stretches(stretches), stretches)

    async def add_revision(self, revision: ScheduleRevision) -> None:
        await self._write(lambda: self._revisions(revision), [revision])

    async def add_takeover(
        self, takeover: UnsettledTakeover, otherwise: Callable[[], None]
    ) -> None:
        """`otherwise` is called while the history is away."""
        await self._history.when_available(lambda: self._takeovers(takeover), otherwise)

    async def _record_stretches(self, calls: Sequence[Sequence[Stretch]]) -> None:
        await self._writes.record_stretches([s for stretches in calls for s in stretches])

    async def _write(
        self, write: Callable[[], Awaitable[None]], entries: Sequence[SpoolEntry]
    ) -> None:
        def spool_entries() -> None:
            for entry in entries:
                self._spool.keep(entry)

        await self._history.when_available(write, spool_entries)
