"""Contract of every database: which jobs pruning deletes, and which it keeps."""

from datetime import timedelta

import pytest

from jvscheduler.history import ScheduledJob
from jvscheduler.history.maintenance import deletion
from jvscheduler.history.maintenance.deletion import Pruned, prune
from tests.support.history.readings import NOON, MakeDatabase, run_story

DAY = timedelta(days=1)


async def jobs(task: str, days_ago: list[int], status: str = "completed", **fields: str) -> None:
    for days in days_ago:
        await ScheduledJob.create(
            job_name=task, execution_time=NOON - days * DAY, status=status, **fields
        )


async def kept(task: str) -> list[int]:
    found = await ScheduledJob.find({"context.job_name": task}, sort={"context.execution_time": -1})
    return [(NOON - job.execution_time).days for job in found if job.execution_time]


class RetentionContract:
    """The `make_database` fixture of a subclass makes databases on one store, which is empty."""

    def test_old_jobs_are_deleted_except_the_last_of_a_task(
        self, make_database: MakeDatabase
    ) -> None:
        async def story() -> None:
            await jobs("often", [1, 2, 31, 32, 33])
            await jobs("seldom", [60, 90, 120, 150])
            await jobs("few", [300, 400])
            assert await prune(NOON - 30 * DAY, 3) == Pruned(deleted=3, tasks=2)
            assert await kept("often") == [1, 2, 31]
            assert await kept("seldom") == [60, 90, 120]
            assert await kept("few") == [300, 400]
            assert await prune(NOON - 30 * DAY, 3) == Pruned(deleted=0, tasks=0)

        run_story(make_database, story)

    def test_jobs_that_have_not_ended_are_kept(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            await jobs("task", [50], "running")
            await jobs("task", [51], "pending")
            await jobs("task", [52, 53], "failed")
            assert (await prune(NOON - 30 * DAY, 0)).deleted == 2
            assert await kept("task") == [50, 51]

        run_story(make_database, story)

    def test_a_task_id_in_two_namespaces_means_two_tasks(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            await jobs("task", [40, 41], namespace="shop")
            await jobs("task", [50, 51], namespace="farm")
            assert await prune(NOON - 30 * DAY, 1) == Pruned(deleted=2, tasks=2)
            assert await kept("task") == [40, 50]

        run_story(make_database, story)

    def test_pruning_that_was_stopped_can_be_started_again(
        self, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prune_task = deletion._prune_task  # noqa: SLF001 - stops after the first task

        async def stopped(*words: object) -> int:
            await prune_task(*words)  # type: ignore[arg-type]
            raise KeyboardInterrupt

        async def story() -> None:
            await jobs("one", [40, 41])
            await jobs("two", [40, 41])
            with monkeypatch.context() as patched:
                patched.setattr(deletion, "_prune_task", stopped)
                with pytest.raises(KeyboardInterrupt):
                    await prune(NOON - 30 * DAY, 1)
            assert await ScheduledJob.count() == 3
            assert (await prune(NOON - 30 * DAY, 1)).deleted == 1

        run_story(make_database, story)
