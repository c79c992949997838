"""While backend or pod of a task change, something always serves it and no job is cut short."""

from datetime import timedelta

import pytest

from jvscheduler_operator.cluster.errors import Rejected
from jvscheduler_operator.objects.manifests import Key
from jvscheduler_operator.pod_templates.loops import LoopContainer
from jvscheduler_operator.tasks.retirement import RETIRED_TIME
from jvscheduler_operator.template_policy.policy import TemplatePolicy
from tests.support.operator.objects import foreign_cron_job
from tests.support.operator.world import KEY, SETTLED, World, served_by_cron_job, served_by_loop


@pytest.fixture
def world() -> World:
    return World()


def test_a_loop_is_created_and_serves_the_task_when_it_is_available(world: World) -> None:
    world.put_task(schedule="every 7 seconds")
    assert world.settle()[:3] == ["rights", "rights", "loop"]
    (name,) = world.loop_names
    assert world.serving() == (None, None)
    assert world.condition("Ready") == ("False", "LoopNotAvailable")
    world.make_available()
    assert world.settle() == ["status", "event"]
    assert world.serving() == ("Loop", name)
    assert world.condition("Ready") == ("True", "LoopReady")
    assert world.cluster.events[-1]["reason"] == "LoopAssigned"
    assert world.cron_job is None


def test_the_secret_is_written_before_the_loop_starts() -> None:
    world = World(database_url="postgresql://history/jobs")
    world.put_task(backend="Loop")
    assert world.settle()[:4] == ["secret", "rights", "rights", "loop"]


def test_a_secret_that_is_refused_stops_no_loop() -> None:
    world = World(database_url="postgresql://history/jobs")
    world.put_task(backend="Loop")
    world.cluster.failures = [Rejected("forbidden")]
    assert world.settle()[:3] == ["rights", "rights", "loop"]


def test_waiting_for_a_loop_is_no_event(world: World) -> None:
    world.put_task(schedule="every 7 seconds")
    world.settle()
    assert world.cluster.events == []


def test_tasks_with_the_same_image_and_template_share_a_loop(world: World) -> None:
    name = served_by_loop(world)
    world.put_task("other", schedule="every 7 seconds")
    world.settle()
    assert world.serving("other") == ("Loop", name)
    assert world.loop_names == [name]


def test_a_task_with_another_template_has_another_loop() -> None:
    world = World(policy=TemplatePolicy(allowed_service_accounts=frozenset({"reader"})))
    served_by_loop(world)
    template = {"spec": {"serviceAccountName": "reader"}}
    world.put_task("other", backend="Loop", template=template)
    world.settle()
    assert len(world.loop_names) == 2
    assert ("RoleBinding", Key("shop", "jvscheduler-loop:reader")) in world.cluster.rights


def test_the_loop_of_a_new_image_serves_before_the_old_one_is_deleted(world: World) -> None:
    old = served_by_loop(world)
    world.put_task(backend="Loop", image="shop:2")
    world.settle()
    (new,) = set(world.loop_names) - {old}
    assert world.serving() == ("Loop", old)
    assert world.condition("Ready") == ("False", "LoopNotAvailable")
    world.make_available(new)
    world.settle()
    assert world.serving() == ("Loop", new)
    assert world.loop_names == [new]


def test_a_loop_stays_while_the_status_of_any_task_names_it(world: World) -> None:
    old = served_by_loop(world)
    world.put_task("other", backend="Loop")
    world.settle()
    world.put_task(backend="Loop", image="shop:2")
    world.settle()
    world.make_available()
    world.settle()
    assert old in world.loop_names
    assert world.serving("other") == ("Loop", old)


def test_a_reverted_image_leaves_no_loop_behind(world: World) -> None:
    old = served_by_loop(world)
    world.put_task(backend="Loop", image="shop:2")
    world.settle()
    world.put_task(backend="Loop")
    world.settle()
    assert world.loop_names == [old]
    assert world.condition("Ready") == ("True", "LoopReady")


def test_the_loop_is_deleted_with_its_last_task(world: World) -> None:
    served_by_loop(world)
    world.put_task("other", backend="Loop")
    world.settle()
    world.remove_task("other")
    world.settle()
    assert len(world.loop_names) == 1
    world.remove_task()
    assert world.settle() == ["loop deleted"]
    assert world.loop_names == []


def test_a_loop_that_was_left_behind_is_deleted_by_the_next_process(world: World) -> None:
    served_by_loop(world)
    world.remove_task()
    world.start()
    assert world.settle() == ["loop deleted"]


def test_a_labelled_deployment_that_is_not_ours_is_left_alone(world: World) -> None:
    metadata = {"name": "theirs", "namespace": "shop", "labels": {"jvscheduler.dev/loop": "x"}}
    world.cluster.put(world.cluster.loop_objects, {"metadata": metadata, "spec": {}})
    assert world.settle() == []
    assert world.loop_names == ["theirs"]


def test_the_loops_own_image_is_rolled_out_in_place(world: World) -> None:
    name = served_by_loop(world)
    world.loop_container = LoopContainer("server:2")
    world.start()
    world.settle()
    (loop,) = world.cluster.loop_objects.values()
    assert loop["metadata"]["name"] == name
    assert loop["spec"]["template"]["spec"]["containers"][0]["image"] == "server:2"


def test_a_restart_with_nothing_changed_writes_only_the_rights_again(world: World) -> None:
    served_by_loop(world)
    version = world.cluster.version
    world.start()
    assert world.settle() == ["rights", "rights"]
    assert world.cluster.version == version


def test_a_cron_job_goes_on_until_the_loop_is_available(world: World) -> None:
    served_by_cron_job(world)
    world.put_task(schedule="every 7 seconds", image="shop:2")
    world.settle()
    assert world.serving() == ("CronJob", None)
    assert world.cron_job is not None
    assert world.cron_job["spec"]["schedule"] == "0 0 1 1 *"
    assert not world.cron_job["spec"]["suspend"]


def test_suspending_reaches_a_cron_job_that_waits_for_its_loop(world: World) -> None:
    served_by_cron_job(world)
    world.put_task(schedule="every 7 seconds", suspend=True)
    world.settle()
    assert world.cron_job is not None
    assert world.cron_job["spec"]["suspend"]


def test_the_cron_job_is_suspended_and_deleted_when_its_jobs_have_ended(world: World) -> None:
    served_by_cron_job(world)
    world.set_active("restock-1")
    world.put_task(backend="Loop")
    world.settle()
    world.make_available()
    assert world.settle() == ["status", "event", "retired"]
    assert world.serving()[0] == "Loop"
    assert world.cron_job is not None
    assert world.cron_job["spec"]["suspend"]
    world.now += SETTLED
    assert world.settle() == []
    world.set_active()
    assert world.settle() == ["deleted"]
    assert world.cron_job is None


def test_a_suspended_cron_job_is_kept_until_its_status_must_have_its_last_job(world: World) -> None:
    served_by_cron_job(world)
    world.put_task(backend="Loop")
    world.settle()
    world.make_available()
    world.settle()
    world.watch()
    assert world.reconcile(KEY) == timedelta(seconds=10)
    assert world.cron_job is not None


def test_a_foreign_cron_job_does_not_block_the_loop(world: World) -> None:
    foreign = world.cluster.put(world.cluster.cron_job_objects, foreign_cron_job())
    served_by_loop(world)
    world.now += SETTLED
    world.settle()
    assert world.condition("Ready") == ("True", "LoopReady")
    assert world.cron_job == foreign


def test_the_loop_is_deleted_when_the_cron_job_exists(world: World) -> None:
    served_by_loop(world)
    world.put_task()
    assert world.settle() == ["cron job", "status", "event", "loop deleted"]
    assert world.serving() == ("CronJob", None)
    assert world.cron_job is not None
    assert not world.cron_job["spec"]["suspend"]


def test_the_loop_goes_on_while_the_cron_job_cannot_be_created(world: World) -> None:
    name = served_by_loop(world)
    world.cluster.put(world.cluster.cron_job_objects, foreign_cron_job())
    world.put_task()
    world.settle()
    assert world.serving() == ("Loop", name)
    assert world.condition("Ready") == ("False", "NameConflict")
    assert world.loop_names == [name]


def test_a_task_that_returns_to_its_suspended_cron_job_does_not_fire_retroactively(
    world: World,
) -> None:
    served_by_cron_job(world)
    world.put_task(backend="Loop")
    world.settle()
    world.make_available()
    world.settle()
    world.put_task()
    assert world.settle() == ["dry run", "anchor", "cron job", "status", "event", "loop deleted"]
    assert world.cron_job is not None
    assert not world.cron_job["spec"]["suspend"]
    assert world.cron_job["status"]["lastScheduleTime"] == "2026-03-02T12:00:30Z"
    assert RETIRED_TIME not in world.cron_job["metadata"]["annotations"]


def test_a_refused_edit_leaves_the_task_on_its_loop(world: World) -> None:
    name = served_by_loop(world)
    world.put_task(schedule="0 0 20-10 * *")
    world.settle()
    assert world.serving() == ("Loop", name)
    assert world.condition("Accepted") == ("False", "InvalidSchedule")
    assert world.loop_names == [name]


def test_a_suspended_task_stays_on_its_loop_which_records_it(world: World) -> None:
    name = served_by_loop(world, suspend=True)
    assert world.serving() == ("Loop", name)
    assert world.condition("Suspended") == ("True", "SuspendedBySpec")
    assert "nextScheduleTime" not in world.status()


@pytest.mark.parametrize(
    ("schedule", "following"),
    [
        ("every 7 minutes", "2026-03-02T12:02:00Z"),
        ("hourly", "2026-03-02T13:00:00Z"),
        ("every 7 seconds", None),
    ],
)
def test_the_status_has_the_next_time_unless_the_task_is_due_within_seconds(
    world: World, schedule: str, following: str | None
) -> None:
    served_by_loop(world, schedule=schedule)
    assert world.status().get("nextScheduleTime") == following
    assert "active" not in world.status(), "the server counts a loop's jobs"
