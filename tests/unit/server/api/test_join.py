"""Records joined with pods."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.merge import merge
from jvscheduler.outcomes import Outcome, Status
from jvscheduler_server.api.job_answers import PodAnswer
from jvscheduler_server.api.join import join, unclaimed_pods
from tests.support.history.outcomes import NOON, begun, completed, of_job
from tests.support.server.task_pods import JOB, task_pod, waiting_pod


def record(outcome: Outcome, **changes: Any) -> ScheduledJob:
    job = merge(None, outcome)
    assert job is not None
    return job.model_copy(update=changes)


def pod_answer(name: str, **changes: Any) -> PodAnswer:
    running = {"namespace": "shop", "phase": "Running", "node": "node-1", "restarts": 0}
    return PodAnswer(name=name, **{**running, "reason": None, "message": None, **changes})


def test_a_job_is_shown_with_its_pod() -> None:
    (job,) = join([record(begun())], [task_pod(restarts=1)], [], 10)
    assert job.pod == pod_answer("pod-a", restarts=1)
    assert (job.id, job.status) == (begun().job_id, Status.RUNNING)


def test_a_job_that_is_tried_again_is_shown_with_its_newest_pod() -> None:
    newer = waiting_pod(name="pod-b", created_time=NOON + timedelta(seconds=20))
    (job,) = join([record(begun())], [newer, task_pod()], [], 10)
    assert job.pod == pod_answer("pod-b", phase="Pending", reason="ErrImagePull")


def test_a_pod_that_is_gone_is_shown_as_the_record_remembers_it() -> None:
    (job,) = join([record(completed(begun(node_name="node-1")))], [], [], 10)
    assert job.pod == pod_answer("pod-a", phase=None, restarts=None)


def test_a_record_of_a_users_own_has_no_pod() -> None:
    own = ScheduledJob(job_name="system_cleanup", execution_time=NOON, status=Status.COMPLETED)
    (job,) = join([own], [task_pod()], [], 10)
    assert job.pod is None


def test_a_pod_that_waits_for_its_image_is_a_pending_job() -> None:
    (job,) = join([], [], [waiting_pod(message="no such tag")], 10)
    assert job.status is Status.PENDING
    assert (job.job_name, job.reason) == ("shop.tasks.restock", "ImagePullFailed")
    assert job.error_message == "the pod pod-a has not started: ErrImagePull: no such tag"
    assert (job.scheduled_time, job.execution_time) == (NOON, NOON)
    assert job.pod is not None
    assert (job.pod.reason, job.pod.message) == ("ErrImagePull", "no such tag")


def test_the_newest_come_first_and_the_limit_is_kept() -> None:
    records = [record(of_job(1)), record(of_job(3))]
    waiting = waiting_pod(
        job=replace(JOB, id="between", scheduled_time=NOON + timedelta(minutes=2))
    )
    jobs = join(records, [], [waiting], 2)
    assert [job.id for job in jobs] == [of_job(3).job_id, "between"]


def test_only_pods_without_a_record_are_unclaimed() -> None:
    waits, claimed = (waiting_pod(job=replace(JOB, id=job_id)) for job_id in ("new", "old"))
    assert unclaimed_pods([waits, claimed], {"old"}, NOON) == [waits]


def test_a_pod_that_ended_or_is_older_than_asked_for_is_not_unclaimed() -> None:
    assert unclaimed_pods([task_pod(finished=True)], set(), NOON) == []
    assert unclaimed_pods([waiting_pod()], set(), NOON + timedelta(seconds=1)) == []
