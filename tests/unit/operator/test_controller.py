"""The controller reconciles what it sees, and finds by lists what no event reported."""

import asyncio

import pytest

from jvscheduler_operator.cluster.client import Listing
from jvscheduler_operator.cluster.errors import Unavailable
from jvscheduler_operator.controller.kopf import Backoffs
from jvscheduler_operator.objects.manifests import Key
from jvscheduler_operator.testing.cluster import MemoryCluster
from tests.support.operator.controlled import Stage, run
from tests.support.operator.objects import foreign_cron_job


def test_watched_tasks_get_their_cron_jobs() -> None:
    async def scenario(stage: Stage) -> None:
        async with stage.running():
            for number in range(50):
                stage.put_task(f"task-{number}")
            await stage.until(lambda: len(stage.cluster.cron_job_objects) == 50)

    run(scenario)


def test_a_poisoned_object_delays_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(stage: Stage) -> None:
        async with stage.running():
            stage.put_task("poisoned")
            for number in range(20):
                stage.put_task(f"task-{number}")
            await stage.until(lambda: len(stage.cluster.cron_job_objects) == 20)

    run(scenario)
    assert "shop/poisoned could not be reconciled" in caplog.text


def test_a_deleted_secret_is_written_again() -> None:
    async def scenario(stage: Stage) -> None:
        async with stage.running():
            stage.put_task("restock")
            stage.put_task("count")
            await stage.until(lambda: stage.cluster.secrets)
            stage.cluster.secrets.clear()
            await stage.until(lambda: stage.cluster.secrets)

    run(scenario, database_url="postgresql://history/jobs")


def test_without_a_database_url_no_secret_is_looked_for() -> None:
    async def scenario(stage: Stage) -> None:
        async with stage.running():
            stage.put_task("restock")
            await stage.until(lambda: stage.cluster.cron_job_objects)
            assert await stage.reconciler.find_lost_secrets() == ()

    run(scenario)


def test_after_a_failure_of_the_api_server_the_key_is_tried_again() -> None:
    async def scenario(stage: Stage) -> None:
        stage.cluster.failures = [Unavailable("away")]
        async with stage.running():
            stage.put_task("restock")
            await stage.until(lambda: stage.cluster.cron_job_objects)

    run(scenario)


def test_nothing_is_decided_before_the_cron_jobs_are_listed() -> None:
    class Slow(MemoryCluster):
        async def cron_jobs(self) -> Listing:
            await listing.wait()
            return await super().cron_jobs()

    listing = asyncio.Event()

    async def scenario(_: Stage) -> None:
        stage = Stage(cluster=Slow())
        async with stage.running():
            stage.put_task("restock")
            for _turn in range(20):
                await asyncio.sleep(0)
            assert stage.cluster.writes == []
            listing.set()
            await stage.until(lambda: stage.cluster.cron_job_objects)

    run(scenario)


def test_events_assign_a_task_to_its_loop_and_delete_an_unused_loop() -> None:
    async def scenario(stage: Stage) -> None:
        async with stage.running():
            stage.put_task("restock", backend="Loop")
            await stage.until(lambda: stage.cluster.loop_objects)
            stage.make_loops_available()
            await stage.until(lambda: stage.assigned("restock"))
            old = stage.assigned("restock")
            stage.put_task("restock", backend="Loop", image="shop:2")
            await stage.until(lambda: len(stage.cluster.loop_objects) == 2)
            stage.make_loops_available()
            await stage.until(lambda: stage.assigned("restock") not in (None, old))
            await stage.until(lambda: len(stage.cluster.loop_objects) == 1)
            stage.remove_task("restock")
            await stage.until(lambda: not stage.cluster.loop_objects)

    run(scenario)


def test_at_the_start_a_loop_that_no_task_needs_is_deleted() -> None:
    async def scenario(stage: Stage) -> None:
        async with stage.running():
            stage.put_task("restock", backend="Loop")
            await stage.until(lambda: stage.cluster.loop_objects)
        later = Stage(cluster=stage.cluster)
        later.cluster.task_objects.clear()
        async with later.running():
            await later.until(lambda: not later.cluster.loop_objects)

    run(scenario)


def test_a_resync_finds_what_no_event_reported() -> None:
    async def scenario(stage: Stage) -> None:
        async with stage.running():
            stage.put_task("restock")
            key = Key("shop", "restock")
            await stage.until(lambda: key in stage.cache.cron_jobs)
            await stage.until(lambda: "event" in stage.cluster.writes)
            del stage.cluster.cron_job_objects[key]
            stage.cluster.version += 1
            await stage.controller.resync()
            await stage.until(lambda: stage.cluster.cron_job_objects)

    run(scenario)


def test_a_watch_that_fails_ends_the_work() -> None:
    async def scenario(stage: Stage) -> None:
        async def watch() -> None:
            raise Unavailable("the watch is lost")

        with pytest.raises(ExceptionGroup) as failed:
            await stage.controller.run(watch)
        assert failed.group_contains(Unavailable, match="the watch is lost")

    run(scenario)


def test_a_labelled_cron_job_without_a_task_is_ignored() -> None:
    async def scenario(stage: Stage) -> None:
        async with stage.running():
            stray = foreign_cron_job("stray")
            stored = stage.cluster.put(stage.cluster.cron_job_objects, stray)
            stage.controller.cron_job_seen("ADDED", stored)
            stage.put_task("restock")
            await stage.until(lambda: "event" in stage.cluster.writes)
            assert stage.cluster.writes == ["cron job", "status", "event"]

    run(scenario)


def test_kopf_never_runs_out_of_backoffs() -> None:
    delays = [delay for delay, _ in zip(Backoffs(), range(1000), strict=False)]
    assert delays[:6] == [0.5, 1, 2, 4, 8, 10]
    assert delays[-1] == 10


@pytest.mark.parametrize("schedule", ["daily", "every 7 seconds"])
def test_a_task_takes_over_an_id_as_soon_as_the_older_one_is_gone(schedule: str) -> None:
    older, younger = ({"creationTimestamp": f"2026-03-0{day}T12:00:00Z"} for day in (1, 2))
    names = {"taskID": "shop.tasks.restock", "schedule": schedule}

    async def scenario(stage: Stage) -> None:
        async with stage.running():
            stage.put_task("again", metadata=younger, image="again:1", **names)
            stage.put_task("restock", metadata=older, image="restock:1", **names)
            await stage.until(lambda: stage.refusal("again") == "Conflict")
            await stage.until(lambda: stage.refusal("restock") == "Accepted")
            await stage.until(lambda: len(stage.cluster.loop_objects) <= 1)
            stage.remove_task("restock")
            await stage.until(lambda: stage.refusal("again") == "Accepted")
            stage.make_loops_available()
            await stage.until(
                lambda: (
                    stage.assigned("again")
                    or Key("shop", "again") in stage.cluster.cron_job_objects
                )
            )

    run(scenario)
