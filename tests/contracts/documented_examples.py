"""Contract of every database: the examples of jvspatial's documentation work as they say."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Optional

import pytest

from jvscheduler.history import Object, ScheduledJob
from jvscheduler.outcomes import Status
from monitored import monitoring, quick_start, recovery, work
from monitored.entities import Alert, JobResult, SystemMetrics
from tests.support.history.readings import MakeDatabase, run_story


async def a_job(name: str, status: str, *, ago: timedelta, **fields: Any) -> None:
    time = datetime.now().astimezone() - ago
    await ScheduledJob.create(job_name=name, execution_time=time, status=status, **fields)


MINUTE = timedelta(minutes=1)


class DocumentedExamples:
    """The `make_database` fixture of a subclass makes databases on one store, which is empty."""

    @pytest.fixture(autouse=True)
    def _nothing_fails(self) -> Iterator[None]:
        yield
        work.fail.clear()

    def test_entities_are_declared_as_documented(self, make_database: MakeDatabase) -> None:
        class SystemLoad(Object):
            """Has defaults and optional fields as the documentation writes them."""

            timestamp: datetime = datetime.now()  # noqa: DTZ005 - as documented
            cpu_usage: float = 0.0
            duration_seconds: Optional[float] = None  # noqa: UP045 - as documented

        async def story() -> None:
            made = await SystemLoad.create(cpu_usage=12.5)
            (found,) = await SystemLoad.find({"context.timestamp": {"$lte": datetime.now()}})  # noqa: DTZ005
            assert (found.id, found.cpu_usage, found.timestamp) == (made.id, 12.5, made.timestamp)

        run_story(make_database, story)

    def test_cleanup_leaves_a_record_of_success_or_failure(
        self, make_database: MakeDatabase
    ) -> None:
        async def story() -> None:
            await quick_start.cleanup_system()
            work.fail.add("cleanup")
            with pytest.raises(OSError, match="disk is away"):
                await quick_start.cleanup_system()
            recent = await quick_start.get_recent_jobs()
            assert [job["status"] for job in recent["jobs"]] == ["failed", "completed"]
            assert recent["jobs"][0]["error_message"] == "disk is away"
            only = await quick_start.get_recent_jobs(status="failed", hours=6, limit=20)
            assert only["total_found"] == 1

        run_story(make_database, story)

    def test_metrics_count_active_jobs(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            await a_job("one", "running", ago=MINUTE)
            await a_job("two", "pending", ago=MINUTE)
            await a_job("three", "completed", ago=MINUTE)
            await quick_start.collect_metrics()
            metrics = await SystemMetrics.find_one()
            assert metrics is not None
            assert metrics.active_jobs == 2
            assert 0 < metrics.memory_usage <= 100

        run_story(make_database, story)

    def test_statistics_and_recent_jobs(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            await a_job("old", "failed", ago=25 * 60 * MINUTE)
            await a_job("new", "completed", ago=MINUTE)
            assert await quick_start.get_job_statistics() == {
                "total_jobs": 2,
                "completed_jobs": 1,
                "failed_jobs": 1,
                "success_rate": 50,
            }
            recent = await quick_start.get_recent_jobs()
            assert [job["job_name"] for job in recent["jobs"]] == ["new"]

        run_story(make_database, story)

    def test_patterns_of_jobs(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            await a_job("Cleanup-disk", "failed", ago=MINUTE, duration_seconds=301)
            await a_job("sync", "failed", ago=61 * MINUTE, duration_seconds=300)
            await a_job("sync", "completed", ago=MINUTE)
            assert await monitoring.analyze_job_patterns() == {
                "recent_failures": ["Cleanup-disk"],
                "cleanup_jobs": ["Cleanup-disk"],
                "job_counts": {"completed": 1, "failed": 2, "total": 3},
                "slow_jobs": ["Cleanup-disk"],
            }

        run_story(make_database, story)

    def test_processing_adapts_to_load_and_failures(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            assert await monitoring.adaptive_processor() == "processed"
            for _ in range(6):
                await a_job("sync", "failed", ago=MINUTE)
            assert await monitoring.adaptive_processor() is None
            assert await Alert.count({"context.message": "High failure rate detected"}) == 1
            await SystemMetrics.create(
                metric_type="cpu_usage", value=81, timestamp=datetime.now().astimezone()
            )
            assert await monitoring.adaptive_processor() is None
            assert await Alert.count() == 1

        run_story(make_database, story)

    def test_health_checks_store_each_metric(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            await monitoring.system_health_check()
            grouped = await SystemMetrics.aggregate(
                [
                    {"$group": {"_id": "$context.metric_type", "n": {"$sum": 1}}},
                    {"$sort": {"_id": 1}},
                ]
            )
            kinds = ["cpu_usage", "disk_usage", "memory_usage"]
            assert grouped == [{"_id": kind, "n": 1} for kind in kinds]

        run_story(make_database, story)

    def test_cleanup_of_old_records_counts_what_it_deleted(
        self, make_database: MakeDatabase
    ) -> None:
        async def story() -> None:
            await a_job("old", "completed", ago=timedelta(days=31))
            await a_job("new", "completed", ago=timedelta(days=29))
            for days in (6, 8, 9):
                time = datetime.now().astimezone() - timedelta(days=days)
                await SystemMetrics.create(timestamp=time)
            await monitoring.cleanup_old_records()
            done = await ScheduledJob.find_one({"context.job_name": "cleanup_old_records"})
            assert done is not None
            assert done.metadata == {"deleted_jobs": 1, "deleted_metrics": 2}
            assert (await ScheduledJob.count(), await SystemMetrics.count()) == (2, 1)

        run_story(make_database, story)

    def test_a_failure_rate_by_aggregation(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            await a_job("a", "failed", ago=MINUTE)
            await a_job("b", "timeout", ago=MINUTE)
            await a_job("c", "failed", ago=2 * 60 * MINUTE)
            await a_job("d", "failed", ago=25 * 60 * MINUTE)
            recent_jobs, failure_rate = await monitoring.monitor_system()
            assert {job.job_name for job in recent_jobs} == {"a", "b"}
            assert {group["_id"]: group["count"] for group in failure_rate} == {
                "failed": 2,
                "timeout": 1,
            }

        run_story(make_database, story)

    def test_a_sync_records_results_and_skips_while_one_runs(
        self, make_database: MakeDatabase
    ) -> None:
        async def story() -> None:
            await recovery.resilient_data_sync()
            (job,) = await ScheduledJob.find()
            assert (job.status, job.metadata["results"]["errors"]) == (Status.COMPLETED, 0)
            assert set(job.metadata) == {"sync_id", "results"}
            await a_job("resilient_data_sync", "running", ago=MINUTE)
            await recovery.resilient_data_sync()
            assert await ScheduledJob.count() == 2

        run_story(make_database, story)

    def test_a_circuit_breaker_alerts_at_the_third_failure(
        self, make_database: MakeDatabase
    ) -> None:
        async def story() -> None:
            work.fail.add("sync")
            for failures in (1, 2, 3):
                with pytest.raises(ConnectionError):
                    await recovery.resilient_data_sync()
                assert await Alert.count() == (failures == 3)
            (job, *_) = await ScheduledJob.find({"context.status": "failed"})
            assert job.error_message == "the source is away"
            assert job.completed_at is not None
            assert job.execution_time is not None
            assert job.completed_at >= job.execution_time

        run_story(make_database, story)

    def test_a_robust_task_keeps_its_record_true(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            await recovery.robust_task()
            work.fail.add("business")
            with pytest.raises(ValueError, match="no business"):
                await recovery.robust_task()
            done, failed = await ScheduledJob.find(sort=[("context.execution_time", 1)])
            assert (done.status, done.result) == (Status.COMPLETED, {"done": 1})
            assert (failed.status, failed.error_message) == (Status.FAILED, "no business")

        run_story(make_database, story)

    def test_entities_with_fields_that_must_be_given(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            made = await recovery.process_with_entities()
            result = await JobResult.find_one({"_id": made})
            assert result is not None
            assert (result.job_name, result.results) == ("data_processor", {})

        run_story(make_database, story)

    def test_an_open_circuit_breaker_skips(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            assert await recovery.task_with_circuit_breaker() == "executed"
            for _ in range(3):
                await a_job("task_with_circuit_breaker", "failed", ago=MINUTE)
            assert await recovery.task_with_circuit_breaker() == "skipped"

        run_story(make_database, story)
