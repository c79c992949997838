"""Contract of every history store: what a loop notes when it ends."""

from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Reason, Status
from tests.support.history.running import run_story
from tests.support.history.stories import MakeLoopStore, all_of, minutes, stretch


class AbsencesContract:
    """The `make_loop_store` fixture of a subclass makes stores on one history, which is empty."""

    def test_a_record_of_a_suspension_becomes_longer_and_never_shorter(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        """One of two loops ends within a minute. The other one records the whole minute."""
        suspended = {"status": Status.SKIPPED, "reason": Reason.SUSPENDED}

        async def story(store: LoopStore) -> None:
            for last, count in ((3, 4), (6, 7), (5, 6)):
                await store.record_stretches([stretch(0, last, count, **suspended), stretch(8)])
            await store.record_stretches([stretch(8, 9, 2)])
            first, missed = await all_of(store)
            assert (first.last_scheduled_time, first.instants) == (minutes(6), 7)
            assert first.execution_time == first.completed_at == minutes(6)
            assert missed.instants == 1

        run_story(make_loop_store, story)

    def test_a_stop_is_noted_and_cleared(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            assert await store.stop_time("shop") is None
            for time in (None, minutes(1), minutes(2)):
                await store.record_stop("shop", time)
                assert await store.stop_time("shop") == time
            await store.record_stop("shop", None)
            assert await store.stop_time("shop") is None
            assert await store.stop_time("other") is None
            assert (await store.counts())[Status.MISSED] == 0

        run_story(make_loop_store, story)
