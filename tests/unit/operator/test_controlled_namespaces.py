"""The controller has each namespace made, and its tasks say when that fails."""

import asyncio
from functools import partial

from jvscheduler_operator.database.roles import RoleNotMade
from jvscheduler_operator.namespaces.decide import REPORT_AFTER
from jvscheduler_operator.testing.roles import MemoryRoles
from tests.support.operator.controlled import Stage, run


def test_each_namespace_with_tasks_is_made_once() -> None:
    async def scenario(stage: Stage) -> None:
        async with stage.running():
            for number in range(20):
                stage.put_task(f"task-{number}")
            await stage.until(lambda: len(stage.cluster.cron_job_objects) == 20)
            await stage.until(lambda: stage.roles.calls)
        assert stage.roles.calls == ["shop"]

    run(scenario)


def test_a_database_that_never_answers_delays_no_task() -> None:
    class Silent(MemoryRoles):
        async def make(self, namespace: str, password: str) -> None:
            await asyncio.Event().wait()

    async def scenario(_: Stage) -> None:
        stage = Stage(roles=Silent())
        async with stage.running():
            for number in range(20):
                stage.put_task(f"task-{number}", namespace=f"shop-{number}")
            await stage.until(lambda: len(stage.cluster.cron_job_objects) == 20)

    run(scenario)


def test_the_tasks_of_a_namespace_say_that_its_history_is_not_made_until_it_is() -> None:
    async def scenario(_: Stage) -> None:
        stage = Stage(roles=MemoryRoles(failure=RoleNotMade("away")))
        async with stage.running():
            stage.put_task("restock")
            stage.put_task("count")
            await stage.until(lambda: stage.roles.calls)
            stage.now += REPORT_AFTER
            for name in ("restock", "count"):
                await stage.until(partial(stage.is_ready, name, "HistoryNotReady"))
            stage.roles.failure = None
            for name in ("restock", "count"):
                await stage.until(partial(stage.is_ready, name, "CronJobReady"))

    run(scenario)
