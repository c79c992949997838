"""Contract of every history store. Each tier of tests runs it on the stores that it can reach."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.outcomes import Status
from tests.support.history.outcomes import NOON, begun, completed, failed, of_job, timed_out
from tests.support.history.running import run_story
from tests.support.history.unstarted import given_up, waiting

MakeStore = Callable[[], HistoryStore]


class HistoryContract:
    """The `make_store` fixture of a subclass makes stores on one history, which is empty."""

    def test_the_first_claim_wins_and_a_foreign_one_loses(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            assert await store.claim(begun())
            assert not await store.claim(begun(job_name="by-hand", attempt_id="pod-x"))
            assert [j.pod_name for j in await store.unfinished()] == ["pod-a"]

        run_story(make_store, story)

    def test_a_claim_may_be_repeated_by_the_same_attempt(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            assert await store.claim(begun())
            assert await store.claim(begun())
            assert len((await store.recent(NOON, None, 10)).jobs) == 1

        run_story(make_store, story)

    def test_one_of_many_concurrent_claims_wins(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            claims = [begun(job_name=f"job-{n}", attempt_id=f"pod-{n}") for n in range(20)]
            won = await asyncio.gather(*(store.claim(claim) for claim in claims))
            assert sum(job is not None for job in won) == 1

        run_story(make_store, story)

    def test_a_retry_is_a_second_attempt_of_one_job(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            first = begun(retry_count=1)
            second = begun(
                retry_count=1, attempt_id="pod-b", start_time=NOON + timedelta(seconds=20)
            )
            await store.claim(first)
            await store.record(failed(first))
            assert (await store.counts())[Status.PENDING] == 1
            claimed = await store.claim(second)
            assert claimed is not None
            assert [a["attempt_id"] for a in claimed.attempts] == ["pod-a", "pod-b"]
            await store.record(completed(second, result={"restocked": 3}))
            (job,) = (await store.recent(NOON, None, 10)).jobs
            assert [a["status"] for a in job.attempts] == ["failed", "completed"]
            assert (job.status, job.result) == (Status.COMPLETED, {"restocked": 3})
            assert not await store.claim(begun(attempt_id="pod-c"))

        run_story(make_store, story)

    def test_a_job_without_a_further_attempt_ends_as_its_last_attempt_did(
        self, make_store: MakeStore
    ) -> None:
        async def story(store: HistoryStore) -> None:
            first = failed(begun(retry_count=2))
            await store.record(first)
            await store.record(replace(first, is_last=True))
            await store.record(replace(first, is_last=True))
            (job,) = (await store.recent(NOON, None, 9)).jobs
            assert (job.status, job.reason) == (Status.FAILED, first.reason)
            assert (job.duration_seconds, job.completed_at) == (2, first.completion_time)
            assert (job.retry_count, job.traceback) == (2, first.traceback)
            assert await store.unfinished() == []

        run_story(make_store, story)

    def test_a_start_that_arrives_after_the_end_changes_nothing(
        self, make_store: MakeStore
    ) -> None:
        async def story(store: HistoryStore) -> None:
            await store.record(timed_out(begun()))
            await store.record(begun())
            await store.record(completed(begun()))
            (job,) = (await store.recent(NOON, None, 10)).jobs
            assert (job.status, job.revision) == (Status.TIMEOUT, 1)

        run_story(make_store, story)

    def test_an_outcome_without_a_claim_makes_a_whole_record(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            await store.record(failed(begun(node_name="node-1"), cpu_seconds=1.5))
            (job,) = (await store.recent(NOON, Status.FAILED, 10)).jobs
            assert (job.job_name, job.namespace) == ("shop.tasks.restock", "shop")
            assert (job.scheduled_time, job.execution_time) == (NOON, begun().start_time)
            assert (job.duration_seconds, job.cpu_seconds) == (2.0, 1.5)
            assert (job.reason, job.node_name) == ("TaskRaised", "node-1")
            assert job.traceback == "Traceback (most recent call last): …"

        run_story(make_store, story)

    def test_concurrent_writers_lose_nothing(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            starts = [NOON + timedelta(seconds=n) for n in range(12)]
            outcomes = [
                failed(begun(attempt_id=f"pod-{n:02}", start_time=start, retry_count=20))
                for n, start in enumerate(starts)
            ]
            await asyncio.gather(*(store.record(outcome) for outcome in outcomes))
            (job,) = await store.unfinished()
            assert [a["attempt_id"] for a in job.attempts] == [o.attempt_id for o in outcomes]

        run_story(make_store, story)

    def test_a_heartbeat_shows_only_while_the_job_runs(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            beat = NOON + timedelta(seconds=11)
            await store.claim(begun())
            await store.heartbeat(begun().job_id, beat)
            (job,) = await store.unfinished()
            assert job.heartbeat_time == beat
            await store.record(completed(begun()))
            await store.heartbeat(begun().job_id, beat + timedelta(hours=1))
            (job,) = (await store.recent(NOON, None, 1)).jobs
            assert job.heartbeat_time == beat

        run_story(make_store, story)

    def test_recent_is_filtered_newest_first_and_counts_before_its_limit(
        self, make_store: MakeStore
    ) -> None:
        async def story(store: HistoryStore) -> None:
            for number in range(6):
                end = completed if number % 2 else failed
                await store.record(end(of_job(number)))
            newest = await store.recent(NOON + timedelta(minutes=2), None, 3)
            assert [j.pod_name for j in newest.jobs] == ["pod-5", "pod-4", "pod-3"]
            assert newest.total == 4
            failures = await store.recent(NOON, Status.FAILED, 10)
            assert [j.pod_name for j in failures.jobs] == ["pod-4", "pod-2", "pod-0"]

        run_story(make_store, story)

    def test_recent_and_counts_are_of_the_namespaces_that_are_asked_for(
        self, make_store: MakeStore
    ) -> None:
        async def story(store: HistoryStore) -> None:
            for number, namespace in enumerate(("mine", "ours", "theirs")):
                await store.record(completed(of_job(number, namespace=namespace)))
            some = await store.recent(NOON, None, 10, {"mine", "ours", "empty"})
            assert [(j.pod_name, j.namespace) for j in some.jobs] == [
                ("pod-1", "ours"),
                ("pod-0", "mine"),
            ]
            assert some.total == 2
            assert (await store.counts({"theirs"}))[Status.COMPLETED] == 1
            none = await store.recent(NOON, None, 10, frozenset())
            assert (none.jobs, none.total) == ((), 0)
            assert set((await store.counts(frozenset())).values()) == {0}

        run_story(make_store, story)

    def test_times_are_ordered_to_the_microsecond(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            for number, micros in enumerate((0, 5, 500_000)):
                start = NOON + timedelta(microseconds=micros)
                await store.record(completed(of_job(number, start_time=start)))
            found = await store.recent(NOON + timedelta(microseconds=5), None, 10)
            assert [j.pod_name for j in found.jobs] == ["pod-2", "pod-1"]

        run_story(make_store, story)

    def test_unfinished_are_those_that_run_or_wait_of_all_tasks_and_namespaces(
        self, make_store: MakeStore
    ) -> None:
        async def story(store: HistoryStore) -> None:
            await store.claim(of_job(0))
            await store.claim(of_job(1, namespace="other"))
            await store.claim(of_job(2, task_id="shop.tasks.report"))
            await store.record(failed(of_job(3, retry_count=1)))
            await store.record(completed(of_job(4)))
            unfinished = {j.pod_name for j in await store.unfinished()}
            assert unfinished == {"pod-0", "pod-1", "pod-2", "pod-3"}

        run_story(make_store, story)

    def test_every_status_is_counted(self, make_store: MakeStore) -> None:
        async def story(store: HistoryStore) -> None:
            await store.claim(of_job(0))
            await store.record(completed(of_job(1)))
            await store.record(completed(of_job(2)))
            counts = await store.counts()
            assert {s: n for s, n in counts.items() if n} == {"running": 1, "completed": 2}
            assert set(counts) == set(Status)

        run_story(make_store, story)

    def test_text_with_characters_that_json_cannot_hold_is_recorded(
        self, make_store: MakeStore
    ) -> None:
        async def story(store: HistoryStore) -> None:
            await store.record(failed(begun(), error_message="got \0 and \ud800"))
            (job,) = (await store.recent(NOON, None, 1)).jobs
            assert job.error_message == "got \ufffd and ?"

        run_story(make_store, story)

    def test_it_answers_a_ping(self, make_store: MakeStore) -> None:
        run_story(make_store, lambda store: store.ping())

    def test_a_job_that_waits_is_pending_until_its_runner_claims_it(
        self, make_store: MakeStore
    ) -> None:
        async def story(store: HistoryStore) -> None:
            await store.record_unstarted(waiting())
            await store.record_unstarted(waiting(reason="FailedMount", message="no such Secret"))
            (job,) = await store.unfinished()
            assert (job.status, job.reason, job.cause) == ("pending", "FailedMount", "task")
            assert (job.error_message, job.attempts, job.execution_time) == (
                "no such Secret",
                [],
                NOON,
            )
            assert await store.claim(begun())
            (job,) = await store.unfinished()
            assert (job.status, job.reason, job.cause) == ("running", None, None)
            assert (job.error_message, job.execution_time) == (None, begun().start_time)
            await store.record(completed(begun()))
            await store.record_unstarted(given_up())
            (job,) = (await store.recent(NOON, None, 10)).jobs
            assert (job.status, job.reason, job.cause) == ("completed", None, None)

        run_story(make_store, story)

    def test_a_job_that_was_given_up_is_missed_and_does_not_run(
        self, make_store: MakeStore
    ) -> None:
        async def story(store: HistoryStore) -> None:
            await store.record_unstarted(waiting())
            await store.record_unstarted(given_up())
            await store.record_unstarted(waiting())
            assert not await store.claim(begun())
            await store.record(failed(begun()))
            (job,) = (await store.recent(NOON, None, 10)).jobs
            assert (job.status, job.reason, job.attempts) == ("missed", "ImagePullFailed", [])
            assert (job.completed_at, job.duration_seconds) == (given_up().end_time, None)
            assert await store.unfinished() == []

        run_story(make_store, story)

    def test_a_job_that_waits_for_a_retry_is_not_given_up_as_one_that_never_started(
        self, make_store: MakeStore
    ) -> None:
        async def story(store: HistoryStore) -> None:
            await store.record(failed(begun(retry_count=1)))
            await store.record_unstarted(given_up())
            (job,) = await store.unfinished()
            assert (job.status, job.reason) == (Status.PENDING, failed(begun()).reason)

        run_story(make_store, story)
