"""Contract of every history store: the summary of a task."""

from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Reason, Status
from tests.support.history.outcomes import completed, failed, of_job, timed_out
from tests.support.history.running import run_story
from tests.support.history.stories import (
    REPORT,
    RESTOCK,
    MakeLoopStore,
    manual,
    minutes,
    of_report,
    stretch,
)


class SummaryContract:
    """The `make_loop_store` fixture of a subclass makes stores on one history, which is empty."""

    def test_a_task_without_records_has_an_empty_summary(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            found = await store.summary("shop", RESTOCK)
            assert found.consecutive_failures == 0
            assert (found.last_ended, found.last_started, found.last_completed) == (None,) * 3

        run_story(make_loop_store, story)

    def test_failures_count_from_the_last_job_that_completed(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            await store.record(failed(of_job(0)))
            await store.record(completed(of_job(1)))
            await store.record(timed_out(of_job(2)))
            await store.record_stretches([stretch(3, 5, 3)])
            await store.record(failed(of_job(6)))
            await store.claim(of_job(7))
            found = await store.summary("shop", RESTOCK)
            assert found.consecutive_failures == 2
            jobs = (found.last_ended, found.last_started, found.last_completed, found.last_failed)
            assert [job and job.scheduled_time for job in jobs] == [
                minutes(6),
                minutes(7),
                minutes(1),
                minutes(6),
            ]

        run_story(make_loop_store, story)

    def test_a_job_that_was_replaced_neither_counts_nor_ends_the_row(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            await store.record(failed(of_job(1)))
            await store.record(failed(of_job(2), reason=Reason.REPLACED))
            found = await store.summary("shop", RESTOCK)
            assert found.consecutive_failures == 1
            assert found.last_failed is not None
            assert found.last_failed.scheduled_time == minutes(1)
            assert found.last_ended is not None
            assert (found.last_ended.reason, found.last_ended.cause) == ("Replaced", "policy")

        run_story(make_loop_store, story)

    def test_a_missed_instant_is_the_last_one_and_no_failure(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            await store.record(completed(of_job(1)))
            await store.record_stretches([stretch(2)])
            found = await store.summary("shop", RESTOCK)
            assert found.consecutive_failures == 0
            assert found.last_ended is not None
            assert found.last_ended.status is Status.MISSED
            assert found.last_started is not None
            assert found.last_started.scheduled_time == minutes(1)

        run_story(make_loop_store, story)

    def test_only_the_newest_records_are_looked_at(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            await store.record(completed(of_job(0)))
            for number in (1, 2, 3, 4):
                await store.record(failed(of_job(number)))
            found = await store.summary("shop", RESTOCK, most=3)
            assert found.consecutive_failures == 3
            assert found.last_completed is None
            assert found.last_ended is not None
            assert found.last_ended.scheduled_time == minutes(4)
            found = await store.summary("shop", RESTOCK, most=5)
            assert found.consecutive_failures == 4
            assert found.last_completed is not None

        run_story(make_loop_store, story)

    def test_another_task_and_a_job_started_by_hand_do_not_count(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            await store.record(failed(of_job(1)))
            await store.record(completed(manual("by-hand", minutes(2))))
            await store.record(completed(of_report(3)))
            assert (await store.summary("shop", RESTOCK)).consecutive_failures == 1
            assert (await store.summary("other", RESTOCK)).last_ended is None
            assert (await store.summary("shop", REPORT)).consecutive_failures == 0

        run_story(make_loop_store, story)
