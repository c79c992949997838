"""What happens to a task whose template the policy forbids, and to what carries it."""

from typing import Any

import pytest

from jvscheduler_operator.template_policy.policy import Level, TemplatePolicy
from tests.support.operator.world import SETTLED, World

ANY = TemplatePolicy(Level.ANY)
RESTRICTED = TemplatePolicy()
FORBIDDEN: dict[str, Any] = {"spec": {"hostNetwork": True}}
SCHEDULES = {"CronJob": "daily", "Loop": "every 7 seconds"}


def run_with(world: World, policy: TemplatePolicy) -> None:
    """Start the operator again as an installation with this policy does."""
    world.policy = policy
    world.start()
    world.settle()


def served_with_a_forbidden_template(backend: str) -> World:
    """An earlier release, or a wider policy, let the template through."""
    world = World(policy=ANY)
    world.put_task(schedule=SCHEDULES[backend], template=FORBIDDEN)
    world.settle()
    world.make_available()
    world.settle()
    assert world.serving()[0] == backend
    return world


def is_suspended(world: World) -> bool:
    assert world.cron_job is not None
    return bool(world.cron_job["spec"]["suspend"])


@pytest.mark.parametrize("backend", SCHEDULES)
def test_a_forbidden_template_makes_nothing(backend: str) -> None:
    world = World()
    world.put_task(schedule=SCHEDULES[backend], template=FORBIDDEN)
    assert world.settle() == ["status", "event"]
    assert world.condition("Accepted") == ("False", "TemplateForbidden")
    assert world.condition("Ready") == ("False", "NotAccepted")
    assert (world.cron_job, world.loop_names) == (None, [])
    (event,) = world.cluster.events
    assert event["reason"] == "TemplateForbidden"
    assert "spec.template.spec.hostNetwork: the host's namespaces are forbidden" in event["message"]


@pytest.mark.parametrize("backend", SCHEDULES)
def test_an_edit_that_is_forbidden_changes_nothing(backend: str) -> None:
    world = World()
    world.put_task(schedule=SCHEDULES[backend])
    world.settle()
    world.make_available()
    world.settle()
    before = (world.serving(), world.cron_job, world.loop_names)
    assert before[0][0] == backend
    world.put_task(schedule=SCHEDULES[backend], template=FORBIDDEN)
    world.settle()
    assert world.condition("Accepted") == ("False", "TemplateForbidden")
    assert (world.serving(), world.cron_job, world.loop_names) == before


def test_a_cron_job_with_a_forbidden_pod_is_suspended_and_then_removed() -> None:
    world = served_with_a_forbidden_template("CronJob")
    world.set_active("restock-1")
    run_with(world, RESTRICTED)
    assert is_suspended(world)
    assert world.condition("Accepted") == ("False", "TemplateForbidden")
    assert world.condition("Suspended") is None
    (message,) = (c["message"] for c in world.status()["conditions"] if c["type"] == "Ready")
    assert message == "The spec is not accepted. No job is started."
    world.now += SETTLED
    world.settle()
    assert world.cron_job is not None, "a Job of it still runs"
    world.set_active()
    world.settle()
    assert world.cron_job is None


def test_a_loop_with_a_forbidden_pod_is_deleted() -> None:
    world = served_with_a_forbidden_template("Loop")
    run_with(world, RESTRICTED)
    assert world.loop_names == []
    assert world.serving() == (None, None)
    assert world.condition("Accepted") == ("False", "TemplateForbidden")


def test_what_carries_a_task_that_is_refused_for_something_else_is_held_to_the_policy() -> None:
    world = served_with_a_forbidden_template("CronJob")
    world.put_task(schedule="dayly", template=FORBIDDEN)
    run_with(world, RESTRICTED)
    assert world.condition("Accepted") == ("False", "InvalidSchedule")
    assert is_suspended(world)


@pytest.mark.parametrize("backend", SCHEDULES)
def test_a_mended_template_is_served_again(backend: str) -> None:
    world = served_with_a_forbidden_template(backend)
    run_with(world, RESTRICTED)
    world.put_task(schedule=SCHEDULES[backend])
    world.settle()
    world.make_available()
    world.settle()
    assert world.condition("Accepted") == ("True", "Accepted")
    assert world.serving()[0] == backend
    if world.cron_job is not None:
        assert not is_suspended(world)
        pod = world.cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert "hostNetwork" not in pod


@pytest.mark.parametrize("backend", SCHEDULES)
def test_a_wider_policy_accepts_what_was_forbidden(backend: str) -> None:
    world = World()
    world.put_task(schedule=SCHEDULES[backend], template=FORBIDDEN)
    world.settle()
    run_with(world, ANY)
    world.make_available()
    world.settle()
    assert world.condition("Accepted") == ("True", "Accepted")
    assert world.serving()[0] == backend


def test_a_restart_with_the_task_still_forbidden_writes_nothing() -> None:
    world = World()
    world.put_task(template=FORBIDDEN)
    world.settle()
    world.start()
    assert world.settle() == []
