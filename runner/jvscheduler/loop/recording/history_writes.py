"""Writes many things to the history at once; one that cannot be written spoils no other."""

from collections.abc import Sequence

from jvscheduler.errors import HistoryUnavailable, SchedulerError
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.log import Event, say
from jvscheduler.outcomes import Outcome, Stretch


class HistoryWrites:
    """Every call raises HistoryUnavailable, and may be repeated."""

    def __init__(self, store: LoopStore) -> None:
        self._store = store

    async def claim(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """True for each attempt that may run."""
        try:
            return await self._store.claim_all(outcomes)
        except HistoryUnavailable:
            raise
        except SchedulerError:
            return [await self._claim_single(outcome) for outcome in outcomes]

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        try:
            await self._store.record_all(outcomes)
        except HistoryUnavailable:
            raise
        except SchedulerError:
            for outcome in outcomes:
                await self._record_single(outcome)

    async def record_stretches(self, stretches: Sequence[Stretch]) -> None:
        await self._store.record_stretches(stretches)

    async def add_revisions(self, revisions: Sequence[ScheduleRevision]) -> None:
        await self._store.add_revisions(revisions)

    async def add_takeovers(self, takeovers: Sequence[UnsettledTakeover]) -> None:
        await self._store.add_takeovers(takeovers)

    async def _claim_single(self, outcome: Outcome) -> bool:
        try:
            return await self._store.claim(outcome) is not None
        except HistoryUnavailable:
            raise
        except SchedulerError as error:
            # The job has a record that this version cannot read. It exists, so another
            # process has claimed the job.
            say(f"{outcome.task_id} does not run: {error}", Event.PROBLEM)
            return False

    async def _record_single(self, outcome: Outcome) -> None:
        try:
            await self._store.record(outcome)
        except HistoryUnavailable:
            raise
        except SchedulerError as error:
            text = f"the outcome of {outcome.task_id} cannot be recorded: {error}"
            say(text, Event.PROBLEM)
