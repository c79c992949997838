"""Only the older of two tasks with one taskID runs, on either backend."""

from itertools import product

import pytest

from jvscheduler_operator.objects.manifests import Key
from tests.support.operator.objects import task
from tests.support.operator.world import SETTLED, World

SCHEDULES = {"CronJob": "daily", "Loop": "every 7 seconds"}
TASK_ID = "shop.tasks.restock"
BACKENDS = list(product(SCHEDULES, SCHEDULES))


@pytest.fixture
def world() -> World:
    return World()


def put(
    world: World,
    name: str,
    created: str,
    backend: str = "CronJob",
    *,
    uid: str | None = None,
    task_id: str = TASK_ID,
) -> None:
    manifest = task(
        name,
        metadata={"creationTimestamp": created, "uid": uid or f"uid-of-{name}", "generation": 1},
        schedule=SCHEDULES[backend],
        taskID=task_id,
        image=f"{name}:1",
    )
    world.cluster.put(world.cluster.task_objects, manifest)


def put_two(world: World, older: str = "CronJob", younger: str = "CronJob") -> None:
    """The younger one's name and uid come first, which must not matter."""
    put(world, "restock", "2026-03-01T12:00:00Z", older, uid="b")
    put(world, "again", "2026-03-02T12:00:00Z", younger, uid="a")


def settle(world: World) -> None:
    for _ in range(2):
        world.settle()
        world.make_available()
        world.settle()
        world.now += SETTLED


def carriers(world: World) -> set[str]:
    """The tasks that have a CronJob that is not suspended, or a loop of their own."""
    cron_jobs = {
        key.name
        for key, cron_job in world.cluster.cron_job_objects.items()
        if not cron_job["spec"]["suspend"]
    }
    images = {
        loop["spec"]["template"]["spec"]["containers"][1]["image"].partition(":")[0]
        for loop in world.cluster.loop_objects.values()
    }
    return cron_jobs | images


@pytest.mark.parametrize(("older", "younger"), BACKENDS)
def test_the_younger_one_names_the_older_one_and_does_not_run(
    world: World, older: str, younger: str
) -> None:
    put_two(world, older, younger)
    settle(world)
    assert world.condition("Accepted", "again") == ("False", "Conflict")
    assert world.condition("Ready", "again") == ("False", "NotAccepted")
    assert "'restock'" in world.status("again")["conditions"][0]["message"]
    assert world.condition("Ready") == ("True", f"{older}Ready")
    assert world.condition("Suspended", "again") is None
    assert carriers(world) == {"restock"}
    assert world.serving("again") == (None, None)


@pytest.mark.parametrize(("older", "younger"), BACKENDS)
def test_when_the_older_one_goes_the_younger_one_takes_over(
    world: World, older: str, younger: str
) -> None:
    put_two(world, older, younger)
    settle(world)
    world.remove_task()
    world.cluster.cron_job_objects.pop(Key("shop", "restock"), None)
    settle(world)
    assert world.condition("Ready", "again") == ("True", f"{younger}Ready")
    assert carriers(world) == {"again"}


@pytest.mark.parametrize(("older", "younger"), BACKENDS)
def test_a_younger_one_that_ran_already_is_stopped(world: World, older: str, younger: str) -> None:
    put(world, "again", "2026-03-02T12:00:00Z", younger)
    settle(world)
    put(world, "restock", "2026-03-01T12:00:00Z", older)
    settle(world)
    assert carriers(world) == {"restock"}
    assert Key("shop", "again") not in world.cluster.cron_job_objects
    assert world.serving("again") == (None, None)


def test_of_two_that_were_created_in_one_second_the_uid_decides(world: World) -> None:
    put(world, "restock", "2026-03-01T12:00:00Z", uid="b")
    put(world, "again", "2026-03-01T12:00:00Z", uid="a")
    settle(world)
    assert world.condition("Accepted") == ("False", "Conflict")
    assert carriers(world) == {"again"}


def test_a_task_with_another_id_takes_its_own_place(world: World) -> None:
    put_two(world)
    settle(world)
    put(world, "again", "2026-03-02T12:00:00Z", task_id="shop.tasks.again")
    settle(world)
    assert carriers(world) == {"restock", "again"}
    put(world, "again", "2026-03-02T12:00:00Z")
    settle(world)
    assert world.condition("Accepted", "again") == ("False", "Conflict")
    assert carriers(world) == {"restock"}


def test_an_older_one_that_is_being_deleted_runs_no_more(world: World) -> None:
    put_two(world)
    settle(world)
    older = world.cluster.task_objects[Key("shop", "restock")]
    metadata = {**older["metadata"], "deletionTimestamp": "2026-03-02T12:00:00Z"}
    world.cluster.put(world.cluster.task_objects, {**older, "metadata": metadata})
    settle(world)
    assert world.condition("Ready", "again") == ("True", "CronJobReady")


def test_of_three_the_next_oldest_takes_over(world: World) -> None:
    put_two(world)
    put(world, "last", "2026-03-03T12:00:00Z")
    settle(world)
    assert carriers(world) == {"restock"}
    world.remove_task()
    world.cluster.cron_job_objects.pop(Key("shop", "restock"))
    settle(world)
    assert carriers(world) == {"again"}
    assert "'again'" in world.status("last")["conditions"][0]["message"]


def test_the_same_id_in_another_namespace_is_no_conflict(world: World) -> None:
    put(world, "restock", "2026-03-01T12:00:00Z")
    other = task("restock", "other", metadata={"creationTimestamp": "2026-03-02T12:00:00Z"})
    world.cluster.put(world.cluster.task_objects, other)
    settle(world)
    assert set(world.cluster.cron_job_objects) == {Key("shop", "restock"), Key("other", "restock")}
