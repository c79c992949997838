"""Two loops without a cluster use one history. The stop of one explains nothing of the other's."""

from datetime import timedelta
from pathlib import Path

from jvscheduler.cli.verify import Request, verify
from jvscheduler.testing.history import MemoryHistory
from jvscheduler.verification.report import TaskReport
from tests.support.loop.parts import MINUTE, NOON, SECOND, START, Story, definition, run


async def judged(store: MemoryHistory) -> dict[str, TaskReport]:
    """By the last part of the task's id, of the six minutes after noon."""
    end = NOON + 6 * MINUTE
    report = await verify(
        store,
        Request(
            tasks=(),
            namespace=None,
            start=NOON,
            end=end,
            known_until=end,
            most=5,
            max_lateness=None,
        ),
    )
    return {task.task_id.rpartition(".")[2]: task for task in report.tasks}


def of_one(tmp_path: Path, store: MemoryHistory, key: str) -> Story:
    return Story(tmp_path / key, store=store, alone_in="shop")


def test_the_stop_of_one_explains_no_miss_of_another(tmp_path: Path) -> None:
    """The other one hangs: it records nothing more, and has not stopped."""

    async def scenario() -> None:
        store = MemoryHistory()
        hanging, stopping = of_one(tmp_path, store, "a"), of_one(tmp_path, store, "b")
        async with hanging, stopping:
            hanging.loop.put(definition(name="report"))
            stopping.loop.put(definition(name="restock"))
            for story in (hanging, stopping):
                await story.clock.advance(NOON + 3 * MINUTE + SECOND)
            await stopping.stop()
            hanging.kill()
        reports = await judged(store)
        assert (reports["restock"].unserved, reports["restock"].counts) == (3, {})
        assert (reports["report"].unserved, sum(reports["report"].counts.values())) == (0, 3)

    run(scenario)


def test_while_another_one_serves_the_task_a_stop_explains_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = MemoryHistory()
        hanging, stopping = of_one(tmp_path, store, "a"), of_one(tmp_path, store, "b")
        async with hanging, stopping:
            for story in (hanging, stopping):
                story.loop.put(definition())
                await story.clock.advance(NOON + 3 * MINUTE + SECOND)
            await stopping.stop()
            hanging.kill()
        (report,) = (await judged(store)).values()
        assert (report.unserved, sum(report.counts.values())) == (0, 3)

    run(scenario)


def test_the_next_one_that_stops_explains_what_is_due_since(tmp_path: Path) -> None:
    """The one before was killed. Its process has this test's id, so it seems to run."""

    async def scenario() -> None:
        store = MemoryHistory()
        async with of_one(tmp_path, store, "a") as killed:
            killed.loop.put(definition())
            await killed.clock.advance(NOON + MINUTE + SECOND)
            killed.kill()
        after = Story(tmp_path / "b", store=store, time=NOON + 2 * MINUTE + SECOND, alone_in="shop")
        async with after:
            after.loop.put(definition())
            await after.clock.advance(NOON + 3 * MINUTE + SECOND)
        (report,) = (await judged(store)).values()
        assert (report.unserved, report.counts) == (3, {})
        assert len(await store.presences("shop")) == 1

    run(scenario)


def test_a_loop_of_a_cluster_writes_no_presence(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(definition())
            await story.clock.advance(START + timedelta(minutes=2))
        assert list(await story.store.presences("shop")) == []

    run(scenario)
