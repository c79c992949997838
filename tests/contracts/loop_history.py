"""Contract of every history store: the calls of a loop."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Reason, Status
from tests.contracts.absences import AbsencesContract
from tests.contracts.summaries import SummaryContract
from tests.support.history.outcomes import NOON, completed, failed, of_job
from tests.support.history.running import run_story
from tests.support.history.stories import (
    REPORT,
    RESTOCK,
    MakeLoopStore,
    all_of,
    between,
    manual,
    minutes,
    of_report,
    revision,
    stretch,
)

FOR_EVER = datetime.max.replace(tzinfo=UTC)


class LoopStoreContract(AbsencesContract, SummaryContract):
    """The `make_loop_store` fixture of a subclass makes stores on one history, which is empty."""

    def test_empty_batches_do_nothing(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            assert list(await store.claim_all([])) == []
            await store.record_all([])
            await store.heartbeat_all([], NOON)
            await store.record_stretches([])
            await store.add_revisions([])
            assert await store.last_instants("shop", [], minutes(9)) == {}
            assert await store.last_revisions("shop", []) == {}
            assert list(await store.revisions("shop", [])) == []

        run_story(make_loop_store, story)

    def test_a_batch_claims_the_jobs_that_nobody_has_claimed(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            await store.claim(of_job(1, job_name="by-hand", attempt_id="pod-x"))
            await store.record(failed(of_job(2, retry_count=1)))
            await store.record_stretches([stretch(3)])
            retry = of_job(2, retry_count=1, attempt_id="pod-2b", start_time=minutes(9))
            claims = [of_job(0), of_job(1), retry, of_job(3), of_job(4)]
            assert list(await store.claim_all(claims)) == [True, False, True, False, True]
            assert list(await store.claim_all(claims)) == [True, False, True, False, True]
            jobs = await all_of(store)
            statuses = ["running", "running", "running", "missed", "running"]
            assert [job.status for job in jobs] == statuses
            assert [len(job.attempts) for job in jobs] == [1, 1, 2, 0, 1]

        run_story(make_loop_store, story)

    def test_a_batch_of_claims_writes_the_same_records_as_single_claims(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            changes = {"node_name": "node-1", "retry_count": 2}
            await store.claim_all([of_job(0, **changes), manual("by-hand", minutes(5))])
            await store.claim(of_job(1, **changes))
            together, alone, by_hand = await all_of(store)
            differing = {"id", "execution_time", "scheduled_time", "heartbeat_time", "attempts"}
            differing |= {"kubernetes_job", "pod_name"}
            assert together.model_dump(exclude=differing) == alone.model_dump(exclude=differing)
            assert together.heartbeat_time == together.execution_time == of_job(0).start_time
            assert (by_hand.scheduled_time, by_hand.kubernetes_job) == (None, "by-hand")

        run_story(make_loop_store, story)

    def test_each_job_is_claimed_by_one_of_several_stores(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            batches = [
                [of_job(n, job_name=f"by-{who}", attempt_id=f"pod-{who}-{n}") for n in range(20)]
                for who in range(5)
            ]
            answers = await asyncio.gather(*(store.claim_all(batch) for batch in batches))
            assert [sum(won) for won in zip(*answers, strict=True)] == [1] * 20

        run_story(make_loop_store, story)

    def test_each_outcome_of_a_batch_reaches_its_record(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            retried = of_job(3, retry_count=1, attempt_id="pod-3b", start_time=minutes(4))
            await store.claim_all([of_job(0), of_job(1), of_job(3, retry_count=1), of_job(5)])
            await store.record(failed(of_job(3, retry_count=1)))
            await store.claim_all([retried])
            await store.record(completed(of_job(5)))
            await store.record_stretches([stretch(6)])
            outcomes = [
                completed(of_job(0), result={"a": None, "b": [1]}, log_tail="d\0ne", cpu_seconds=2),
                failed(of_job(1, node_name="node-1"), error_message="got \0"),
                failed(of_job(2)),
                completed(retried),
                failed(of_job(5)),
                completed(of_job(6)),
            ]
            await store.record_all(outcomes)
            await store.record_all(outcomes)
            jobs = await all_of(store)
            statuses = ["completed", "failed", "failed", "completed", "completed", "missed"]
            assert [job.status for job in jobs] == statuses
            assert [job.revision for job in jobs] == [2, 2, 1, 4, 2, 1]
            assert (jobs[0].result, jobs[0].log_tail) == ({"a": None, "b": [1]}, "d\ufffdne")
            assert (jobs[0].duration_seconds, jobs[0].cpu_seconds) == (2, 2)
            assert (jobs[1].node_name, jobs[1].error_message) == ("node-1", "got \ufffd")

        run_story(make_loop_store, story)

    def test_an_end_may_have_a_later_start_than_the_claim(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            await store.claim_all([of_job(0)])
            later = replace(of_job(0), start_time=of_job(0).start_time + timedelta(seconds=1))
            await store.record_all([completed(later)])
            (job,) = await all_of(store)
            assert (job.execution_time, job.duration_seconds) == (later.start_time, 2)
            assert len(job.attempts) == 1

        run_story(make_loop_store, story)

    def test_an_outcome_does_not_end_another_attempts_claim(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            await store.claim_all([of_job(0)])
            await store.record_all([completed(of_job(0, attempt_id="pod-late"))])
            (job,) = await all_of(store)
            assert {a["attempt_id"] for a in job.attempts} == {"pod-0", "pod-late"}
            assert job.status is Status.RUNNING

        run_story(make_loop_store, story)

    def test_a_job_with_attempts_left_waits_unless_none_follows(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            claims = [of_job(n, retry_count=1) for n in range(2)]
            await store.claim_all(claims)
            last = replace(failed(claims[1]), is_last=True)
            await store.record_all([failed(claims[0]), last])
            jobs = await all_of(store)
            assert [job.status for job in jobs] == [Status.PENDING, Status.FAILED]
            assert [job.retry_count for job in jobs] == [1, 1]

        run_story(make_loop_store, story)

    def test_heartbeats_reach_running_jobs_only(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            await store.claim_all([of_job(0), of_job(1), of_job(2)])
            await store.record(completed(of_job(1)))
            ids = [of_job(n).job_id for n in (0, 1, 7)]
            await store.heartbeat_all(ids, minutes(30))
            beats = [job.heartbeat_time for job in await all_of(store)]
            assert beats == [minutes(30), of_job(1).start_time, of_job(2).start_time]
            await store.record_all([completed(of_job(0))])
            assert (await all_of(store))[0].revision == 2

        run_story(make_loop_store, story)

    def test_a_stretch_is_one_record_for_all_its_instants(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            suspended = {"status": Status.SKIPPED, "reason": Reason.SUSPENDED, "message": "asleep"}
            await store.record_stretches([stretch(0), stretch(1, 5, 5, **suspended)])
            single, record = await all_of(store)
            assert (single.status, single.reason) == (Status.MISSED, "LoopDown")
            assert (single.scheduled_time, single.last_scheduled_time) == (NOON, None)
            assert (single.instants, single.error_message) == (1, "no loop ran")
            assert (record.status, record.reason) == (Status.SKIPPED, "Suspended")
            assert record.scheduled_time == minutes(1)
            assert record.last_scheduled_time == record.execution_time == minutes(5)
            assert (record.instants, record.completed_at) == (5, minutes(5))
            assert record.is_ours
            assert record.kubernetes_job == of_job(1).job_name
            assert await store.unfinished() == []
            assert (await store.counts())[Status.SKIPPED] == 1

        run_story(make_loop_store, story)

    def test_the_first_record_of_an_instant_stays(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            await store.record(completed(of_job(0)))
            await store.record_stretches([stretch(0), stretch(1)])
            await store.record_stretches(
                [stretch(1, status=Status.SKIPPED, reason=Reason.SUSPENDED)]
            )
            assert not await store.claim(of_job(1))
            await store.record(completed(of_job(1)))
            assert [j.status for j in await all_of(store)] == ["completed", "missed"]

        run_story(make_loop_store, story)

    def test_the_last_instant_of_each_task_is_found(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            await store.claim_all([of_job(n) for n in (2, 0, 1)])
            await store.claim_all([manual("by-hand", minutes(90)), of_report(7)])
            await store.claim(of_job(50, namespace="other", job_id="o.ScheduledJob.other"))
            tasks = [RESTOCK, REPORT, "shop.tasks.never"]
            found = await store.last_instants("shop", tasks, minutes(9))
            assert found == {RESTOCK: minutes(2), REPORT: minutes(7)}
            await store.record_stretches([stretch(3, 8, 6)])
            for until in (minutes(9), FOR_EVER):
                found = await store.last_instants("shop", [RESTOCK], until)
                assert found == {RESTOCK: minutes(8)}
            found = await store.last_instants("shop", [RESTOCK], minutes(1))
            assert found == {RESTOCK: minutes(1)}

        run_story(make_loop_store, story)

    def test_jobs_between_are_the_records_of_the_range(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            await store.claim_all([of_job(n) for n in (10, 20, 30)])
            await store.claim_all([manual("before", minutes(20)), manual("within", minutes(25))])
            await store.claim_all([of_report(25)])
            await store.claim(of_job(25, namespace="other", job_id="o.ScheduledJob.other"))
            await store.record_stretches(
                [stretch(11, 15, 5), stretch(16, 21, 6), stretch(22, 40, 19), stretch(41)]
            )
            found = await store.jobs_between(between(20, 30))
            firsts = [job.scheduled_time for job in found]
            assert firsts == [minutes(16), minutes(22), None, minutes(30)]
            instants = between(20, 30, stretches_from_before=False)
            later = await store.jobs_between(instants)
            assert [job.id for job in later] == [job.id for job in found[1:]]

        run_story(make_loop_store, story)

    def test_revisions_are_kept_and_the_last_is_in_force(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            first, second = revision(0), revision(5, schedule="*/5 * * * *", max_concurrency=3)
            report = revision(2, job_name=REPORT, starting_deadline_seconds=9)
            other = revision(9, namespace="other", suspended=True)
            await store.add_revisions([second, report, other])
            await store.add_revisions([first, second])
            kept = await store.revisions("shop")
            assert [r.model_dump() for r in kept] == [
                r.model_dump() for r in (first, report, second)
            ]
            assert [r.id for r in await store.revisions("shop", [RESTOCK])] == [first.id, second.id]
            last = await store.last_revisions("shop")
            assert {name: r.id for name, r in last.items()} == {
                RESTOCK: second.id,
                REPORT: report.id,
            }
            only = await store.last_revisions("shop", [REPORT, "shop.tasks.never"])
            assert [r.meaning() for r in only.values()] == [report.meaning()]

        run_story(make_loop_store, story)

    def test_a_stored_revision_is_not_overwritten(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            await store.add_revisions([revision(0)])
            await store.add_revisions([revision(0, suspended=True)])
            assert [r.suspended for r in await store.revisions("shop")] == [False]

        run_story(make_loop_store, story)

    def test_tasks_are_those_that_have_revisions(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            await store.claim(of_report(0))
            await store.add_revisions([revision(0), revision(1), revision(2, namespace="other")])
            assert sorted(await store.tasks()) == [("other", RESTOCK), ("shop", RESTOCK)]
            assert list(await store.tasks("shop")) == [("shop", RESTOCK)]
            assert list(await store.tasks("empty")) == []

        run_story(make_loop_store, story)
