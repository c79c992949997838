"""A deleted pod keeps what the kubelet overwrites at its end."""

from datetime import timedelta
from typing import Any

from jvscheduler_server.cluster.objects import TaskPod
from jvscheduler_server.kubernetes.pods import keep_facts
from tests.support.history.outcomes import NOON
from tests.support.server.task_pods import START, converted, running, terminated, waiting


def not_found(**changes: Any) -> TaskPod:
    """A pod as the kubelet writes it when it is deleted and has no container."""
    status = terminated(137, "ContainerStatusUnknown", "The container could not be located")
    state = status["containerStatuses"][1]["state"]["terminated"]
    state["startedAt"] = state["finishedAt"] = None
    return converted(status, **changes)


def test_a_pod_that_was_deleted_while_it_waited_has_not_started_and_keeps_its_reason() -> None:
    before = converted(waiting("ErrImagePull", "not found"))
    after = keep_facts(before, not_found())
    assert (after.never_started, after.finished, after.exit_code) == (True, True, None)
    assert (after.reason, after.message) == ("ErrImagePull", "not found")
    assert not_found().never_started


def test_a_deleted_pod_keeps_its_reason_while_the_kubelet_ends_it() -> None:
    before = converted(waiting("CreateContainerConfigError", 'secret "absent" not found'))
    going = converted(waiting("ContainerCreating"), deletionTimestamp="2026-03-02T12:00:40Z")
    after = keep_facts(keep_facts(before, going), not_found())
    assert (after.reason, after.message) == (before.reason, before.message)
    creating = converted(waiting("ContainerCreating"))
    assert keep_facts(before, creating).reason == "ContainerCreating"


def test_a_pod_that_ran_and_lost_its_container_has_started() -> None:
    after = keep_facts(converted(running()), not_found())
    assert (after.never_started, after.start_time, after.exit_code) == (False, START, 137)
    assert after.reason == "ContainerStatusUnknown"


def test_a_pod_that_is_being_deleted_has_the_time_of_the_request() -> None:
    grace = {"deletionTimestamp": "2026-03-02T12:00:40Z", "deletionGracePeriodSeconds": 30}
    pod = converted(running(), **grace)
    assert pod.deletion_time == NOON + timedelta(seconds=10)
    assert not pod.finished
