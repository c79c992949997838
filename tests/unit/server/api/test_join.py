"""Records joined with pods."""

from datetime import timedelta
from typing import Any

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.merge import merge
from jvscheduler.outcomes import Outcome, Status
from jvscheduler_server.api.join import PodView, join, unclaimed_pods
from tests.support.history.outcomes import NOON, begun, completed, of_job
from tests.support.server.task_pods import task_pod, waiting_pod


def record(outcome: Outcome, **changes: Any) -> ScheduledJob:
    job = merge(None, outcome)
    assert job is not None
    return job.model_copy(update=changes)


def test_a_job_is_shown_with_its_pod() -> None:
    (view,) = join([record(begun())], [task_pod(restarts=1)], [], 10)
    assert view.pod == PodView("pod-a", "shop", "Running", "node-1", restarts=1)
    assert (view.facts["id"], view.facts["status"]) == (begun().job_id, Status.RUNNING)


def test_a_job_that_is_tried_again_is_shown_with_its_newest_pod() -> None:
    newer = waiting_pod(name="pod-b", created_time=NOON + timedelta(seconds=20))
    (view,) = join([record(begun())], [newer, task_pod()], [], 10)
    assert view.pod == PodView("pod-b", "shop", "Pending", "node-1", 0, "ErrImagePull")


def test_a_pod_that_is_gone_is_shown_as_the_record_remembers_it() -> None:
    (view,) = join([record(completed(begun(node_name="node-1")))], [], [], 10)
    assert view.pod == PodView("pod-a", "shop", phase=None, node="node-1")


def test_a_record_of_a_users_own_has_no_pod() -> None:
    own = ScheduledJob(job_name="system_cleanup", execution_time=NOON, status=Status.COMPLETED)
    (view,) = join([own], [task_pod()], [], 10)
    assert view.pod is None


def test_a_pod_that_waits_for_its_image_is_a_pending_job() -> None:
    (view,) = join([], [], [waiting_pod(message="no such tag")], 10)
    assert view.facts["status"] is Status.PENDING
    assert (view.facts["job_name"], view.facts["reason"]) == ("shop.tasks.restock", "ErrImagePull")
    assert (view.facts["scheduled_time"], view.facts["execution_time"]) == (NOON, NOON)
    assert view.pod is not None
    assert view.pod.message == "no such tag"


def test_the_newest_come_first_and_the_limit_is_kept() -> None:
    records = [record(of_job(1)), record(of_job(3))]
    waiting = waiting_pod(job_id="between", scheduled_time=NOON + timedelta(minutes=2))
    views = join(records, [], [waiting], 2)
    assert [view.facts["id"] for view in views] == [of_job(3).job_id, "between"]


def test_only_pods_without_a_record_are_unclaimed() -> None:
    waits, claimed = waiting_pod(job_id="new"), waiting_pod(job_id="old")
    assert unclaimed_pods([waits, claimed], {"old"}, NOON) == [waits]


def test_a_pod_that_ended_or_is_older_than_asked_for_is_not_unclaimed() -> None:
    assert unclaimed_pods([task_pod(finished=True)], set(), NOON) == []
    assert unclaimed_pods([waiting_pod()], set(), NOON + timedelta(seconds=1)) == []
