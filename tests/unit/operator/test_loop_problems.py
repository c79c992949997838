"""A loop that does not come up: its tasks say why, and what serves them meanwhile."""

from datetime import timedelta

import pytest

from jvscheduler import names
from jvscheduler_operator.cluster.errors import Rejected
from jvscheduler_operator.objects.manifests import Key, LoopKey, Manifest
from tests.support.operator.world import World, served_by_cron_job, served_by_loop

NO_IMAGE = {"reason": "ErrImagePull", "message": "shop:9: not found"}


@pytest.fixture
def world() -> World:
    return World()


def fail_to_start(world: World, loop: str, **waiting: str) -> None:
    """Make a pod of the loop whose worker waits for this."""
    statuses = [{"name": "worker", "image": "shop:9", "state": {"waiting": waiting}}]
    metadata = {"name": f"{loop}-x", "namespace": "shop", "labels": {names.LOOP_LABEL: loop}}
    manifest = {"metadata": metadata, "status": {"containerStatuses": statuses}}
    world.cluster.put(world.cluster.pod_objects, manifest)


def ready_message(world: World) -> str:
    (ready,) = (c for c in world.status()["conditions"] if c["type"] == "Ready")
    return str(ready["message"])


def test_the_pods_own_reason_is_in_the_condition_and_in_an_event(world: World) -> None:
    world.put_task(backend="Loop", image="shop:9")
    world.settle()
    (loop,) = world.loop_names
    assert world.cluster.events == []
    fail_to_start(world, loop, **NO_IMAGE)
    world.settle()
    assert world.condition("Ready") == ("False", "LoopFailing")
    message = f'The Deployment {loop} is not available: container worker: image "shop:9" not found'
    assert ready_message(world) == message
    world.settle()
    (event,) = world.cluster.events
    assert (event["type"], event["reason"]) == ("Warning", "LoopFailing")
    assert event["message"] == message


def test_after_a_bad_edit_the_condition_says_what_still_serves(world: World) -> None:
    old = served_by_loop(world)
    world.put_task(backend="Loop", image="shop:9")
    world.settle()
    (new,) = set(world.loop_names) - {old}
    fail_to_start(world, new, **NO_IMAGE)
    world.settle()
    assert ready_message(world).endswith(
        f'container worker: image "shop:9" not found. Still served by {old}, with the old image'
    )
    world.put_task(backend="Loop", template={"metadata": {"labels": {"team": "a"}}})
    world.settle()
    assert ready_message(world).endswith(f". Still served by {old}, with the old template")


def test_a_task_that_cannot_move_to_its_loop_is_still_served_by_its_cron_job(world: World) -> None:
    served_by_cron_job(world)
    world.put_task(backend="Loop")
    world.settle()
    assert ready_message(world).endswith(". Still served by the CronJob")


def test_an_image_without_the_runner_is_the_reason(world: World) -> None:
    world.put_task(backend="Loop")
    world.settle()
    text = 'exec: "python3": executable file not found in $PATH'
    fail_to_start(world, *world.loop_names, reason="RunContainerError", message=text)
    world.settle()
    assert world.condition("Ready") == ("False", "RunnerNotFound")
    assert 'no program "python3" in the image' in ready_message(world)
    world.make_available()
    world.settle()
    assert world.condition("Ready") == ("True", "LoopReady")


def test_a_quota_for_pods_is_a_reason_too(world: World) -> None:
    world.put_task(backend="Loop")
    world.settle()
    refused = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: few"}
    (loop,) = world.cluster.loop_objects.values()
    world.cluster.put(world.cluster.loop_objects, {**loop, "status": {"conditions": [refused]}})
    world.settle()
    assert world.condition("Ready") == ("False", "LoopFailing")
    assert "exceeded quota: few" in ready_message(world)


def test_a_service_account_that_somebody_deleted_is_restored(world: World) -> None:
    name = served_by_loop(world)
    world.cluster.rights.clear()
    text = f"error looking up service account shop/{names.LOOP_ACCOUNT}: serviceaccount "
    refused = {"type": "ReplicaFailure", "status": "True"}
    refused["message"] = f'{text}"{names.LOOP_ACCOUNT}" not found'
    loop = world.cluster.loop_objects[Key("shop", name)]
    world.cluster.put(world.cluster.loop_objects, {**loop, "status": {"conditions": [refused]}})
    world.watch()
    for _look in range(2):
        world.reconcile(LoopKey("shop", name))
    assert world.cluster.rights


def test_the_rights_of_a_loop_are_restored_with_each_resync(world: World) -> None:
    served_by_loop(world)
    world.cluster.rights.clear()
    assert world.settle() == []
    world.loops.restore_rights()
    world.settle()
    assert {kind for kind, _ in world.cluster.rights} == {"ServiceAccount", "RoleBinding"}


def test_a_deployment_of_the_name_that_is_not_ours_is_reported(world: World) -> None:
    name = served_by_loop(world)
    loop = world.cluster.loop_objects[Key("shop", name)]
    metadata = {**loop["metadata"], "annotations": {}}
    taken = {**loop, "metadata": metadata, "spec": {**loop["spec"], "replicas": 0}}
    world.cluster.put(world.cluster.loop_objects, taken)
    world.watch()
    for key in (LoopKey("shop", name), Key("shop", "restock")):
        world.reconcile(key)
    assert world.condition("Ready") == ("False", "ApplyFailed")
    assert f"Deployment {name} could not be applied: " in ready_message(world)


def test_pods_are_looked_at_ever_more_seldom_and_not_once_the_loop_is_available(
    world: World,
) -> None:
    world.put_task(backend="Loop")
    world.settle()
    (name,) = world.loop_names
    key = LoopKey("shop", name)
    pauses = [world.reconcile(key) for _ in range(8)]
    assert None not in pauses
    assert pauses == sorted(p for p in pauses if p is not None)
    assert pauses[-1] == timedelta(minutes=1)
    world.make_available()
    world.watch()
    assert world.reconcile(key) is None


def test_an_operator_that_may_not_list_pods_still_serves(world: World) -> None:
    async def refuse(_: LoopKey) -> list[Manifest]:
        raise Rejected("pods is forbidden")

    world.cluster.loop_pods = refuse  # type: ignore[method-assign, assignment]
    served_by_loop(world)
    assert world.condition("Ready") == ("True", "LoopReady")
