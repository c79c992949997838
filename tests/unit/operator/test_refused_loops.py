"""Tasks report what the API server refuses: a loop, or the end of a CronJob that it replaces."""

from datetime import timedelta

import pytest

from jvscheduler.errors import TemporaryError
from jvscheduler_operator.cluster.errors import Rejected, Unavailable
from jvscheduler_operator.objects.manifests import Key
from tests.support.operator.world import KEY, World, served_by_cron_job, served_by_loop


@pytest.fixture
def world() -> World:
    return World()


def test_a_refused_deployment_is_reported_by_its_tasks_and_tried_again(world: World) -> None:
    world.put_task(backend="Loop")
    world.watch()
    loop = world.cache.tasks.references(KEY).requested
    assert loop is not None
    world.cluster.failures = [None, None, Rejected("no such field")]
    assert world.reconcile(loop) == timedelta(minutes=1)
    world.reconcile(KEY)
    assert world.condition("Ready") == ("False", "ApplyFailed")
    assert world.cluster.events[-1]["message"].endswith("could not be applied: no such field")
    world.settle()
    assert world.loop_names == [loop.name]
    assert world.condition("Ready") == ("False", "LoopNotAvailable")


@pytest.mark.parametrize("survived", range(3), ids=["account", "binding", "Deployment"])
def test_a_failure_that_may_pass_is_reported_by_the_tasks_of_the_loop(
    world: World, survived: int
) -> None:
    world.put_task(backend="Loop")
    world.watch()
    loop = world.cache.tasks.references(KEY).requested
    assert loop is not None
    world.cluster.failures = [*[None] * survived, Unavailable("the webhook does not answer")]
    with pytest.raises(Unavailable, match="webhook"):
        world.reconcile(loop)
    world.reconcile(KEY)
    assert world.condition("Ready") == ("False", "ApplyFailed")
    world.settle()
    assert world.condition("Ready") == ("False", "LoopNotAvailable")


def test_a_secret_that_is_refused_is_reported_by_the_tasks_of_the_loop() -> None:
    world = World(database_url="postgresql://history/jobs")
    world.put_task(backend="Loop")
    world.watch()
    loop = world.cache.tasks.references(KEY).requested
    assert loop is not None
    world.cluster.failures = [Rejected("forbidden")]
    assert world.reconcile(loop) == timedelta(minutes=1)
    world.reconcile(KEY)
    assert world.condition("Ready") == ("False", "ApplyFailed")
    assert "jvscheduler-database" in world.status()["conditions"][1]["message"]


def test_a_bad_template_of_one_task_leaves_the_others_on_their_loop(world: World) -> None:
    name = served_by_loop(world)
    world.put_task("other", backend="Loop")
    world.settle()
    world.put_task("other", backend="Loop", template={"spec": {"hostAliases": "nowhere"}})
    world.watch()
    requested = world.cache.tasks.references(Key("shop", "other")).requested
    assert requested is not None
    world.cluster.failures = [None, None, Rejected("no such field")]
    world.reconcile(requested)
    for key in (KEY, Key("shop", "other")):
        world.reconcile(key)
    assert world.serving() == world.serving("other") == ("Loop", name)
    assert world.condition("Ready") == ("True", "LoopReady")
    assert world.condition("Ready", "other") == ("False", "ApplyFailed")
    assert world.loop_names == [name]


def test_a_cron_job_that_cannot_be_removed_is_reported_until_it_is(world: World) -> None:
    served_by_cron_job(world)
    world.put_task(backend="Loop")
    world.settle()
    world.make_available()
    world.cluster.failures = [None, None, Rejected("denied")]
    with pytest.raises(TemporaryError, match="denied"):
        world.settle()
    world.cluster.failures = [None, None, Rejected("denied")]
    with pytest.raises(TemporaryError, match="denied"):
        world.settle()
    assert world.condition("Ready") == ("False", "ApplyFailed")
    world.settle()
    assert world.condition("Ready") == ("True", "LoopReady")
