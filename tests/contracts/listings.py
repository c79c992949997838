"""Contract of the calls of the API: lists without details in pages, and one job with all."""

from collections.abc import Callable
from datetime import timedelta

from jvscheduler.history.records.listings import JobFilter, JobPage
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.names import scheduled_job_id
from jvscheduler.outcomes import Outcome, Status
from tests.support.history.outcomes import NOON, begun, completed, failed, of_job
from tests.support.history.running import run_story

MakeStore = Callable[[], HistoryStore]

ALL = JobFilter(NOON - timedelta(hours=1))


async def pages(store: HistoryStore, wanted: JobFilter, limit: int) -> list[JobPage]:
    found = [await store.newest(wanted, limit)]
    while (position := found[-1].next) is not None:
        found.append(await store.newest(wanted, limit, position))
    return found


def ids(found: list[JobPage]) -> list[str]:
    return [job.id for page in found for job in page.jobs]


def of_other(number: int) -> Outcome:
    job_id = scheduled_job_id("other", "other.count", NOON + timedelta(minutes=number))
    return of_job(number, job_id=job_id, namespace="other", task_id="other.count")


class ListingContract:
    """The `make_store` fixture of a subclass makes stores on one history, which is empty."""

    def test_pages_hold_every_job_once_newest_first(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            # Four jobs begin at each instant, so pages end between jobs of one time.
            outcomes = [of_job(n, start_time=NOON + timedelta(minutes=n // 4)) for n in range(14)]
            for outcome in outcomes:
                await store.record(completed(outcome))
            outcomes.sort(key=lambda o: (-o.start_time.timestamp(), o.job_id))
            expected = [outcome.job_id for outcome in outcomes]
            for limit in (1, 2, 3, 5, 13, 14, 15):
                found = await pages(store, ALL, limit)
                assert ids(found) == expected
                assert all(len(page.jobs) <= limit for page in found)

        run_story(make_store, story)

    def test_a_job_that_begins_meanwhile_moves_no_page(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            for number in range(4):
                await store.record(completed(of_job(number)))
            first = await store.newest(ALL, 2)
            await store.record(completed(of_job(9)))
            second = await store.newest(ALL, 2, first.next)
            assert [job.pod_name for job in second.jobs] == ["pod-1", "pod-0"]

        run_story(make_store, story)

    def test_a_list_leaves_out_details_that_the_job_has(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            details = {"result": {"rows": [1]}, "log_tail": "the end", "loop": "loop-1"}
            await store.record(failed(begun(), **details))
            ((job,),) = [page.jobs for page in await pages(store, ALL, 5)]
            assert (job.traceback, job.result, job.log_tail, job.metadata) == (None, None, None, {})
            assert job.error_message == "ValueError: no stock"
            assert [attempt["attempt_id"] for attempt in job.attempts] == ["pod-a"]
            (whole,) = await store.jobs_with_id(job.id)
            assert whole.traceback == "Traceback (most recent call last): …"
            assert (whole.result, whole.log_tail) == ({"rows": [1]}, "the end")
            assert await store.jobs_with_id("o.ScheduledJob.nothing") == []

        run_story(make_store, story)

    def test_a_list_is_filtered_and_counted(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            for number in range(6):
                end = completed if number % 2 else failed
                await store.record(end(of_job(number) if number < 4 else of_other(number)))
            late = JobFilter(NOON + timedelta(minutes=2))
            of_shop = JobFilter(ALL.since, namespaces={"shop"})
            failures = JobFilter(ALL.since, Status.FAILED, {"other", "shop"})
            for wanted, numbers in (
                (late, [5, 4, 3, 2]),
                (of_shop, [3, 2, 1, 0]),
                (failures, [4, 2, 0]),
                (JobFilter(ALL.since, namespaces=()), []),
            ):
                found = await pages(store, wanted, 2)
                names = [job.pod_name for page in found for job in page.jobs]
                assert names == [f"pod-{number}" for number in numbers]
                assert await store.total(wanted) == len(numbers)

        run_story(make_store, story)

    def test_running_jobs_are_counted_by_task(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            for number in range(3):
                await store.record(of_job(number))
            await store.record(completed(of_job(0)))
            await store.record(of_other(5))
            assert await store.running() == {
                ("shop", "shop.tasks.restock"): 2,
                ("other", "other.count"): 1,
            }

        run_story(make_store, story)

    def test_which_jobs_have_a_record(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            await store.record(begun())
            others = [f"o.ScheduledJob.{number}" for number in range(1200)]
            assert set(await store.with_record([begun().job_id, *others])) == {begun().job_id}
            assert not await store.with_record([])

        run_story(make_store, story)
