"""Jobs that wait to start, and jobs that never started: what the history says of them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.names import LOCAL_NAMESPACE
from jvscheduler.outcomes import Reason, Status
from jvscheduler_server.repair.unstarted_jobs.decide import GRACE, PATIENCE
from tests.support.history.outcomes import NOON, begun, completed, failed
from tests.support.history.unstarted import waiting
from tests.support.server.task_pods import JOB, ended_pod, task_pod, waiting_pod
from tests.support.server.unstarted_scene import (
    FAILED_JOB,
    QUOTA,
    failure,
    kubernetes_job,
    play,
)
from tests.support.server.unstarted_scene import UnstartedScene as Scene


def test_a_job_that_may_not_make_pods_is_pending_at_once_with_kubernetes_message() -> None:
    async def scene(s: Scene) -> None:
        await s.pass_over()
        assert await s.job() is None
        s.cluster.failures = [failure("FailedCreate", QUOTA)]
        await s.pass_over()
        assert await s.told() == ("pending", Reason.FAILED_CREATE, "policy")
        job = await s.job()
        assert job is not None
        assert (job.error_message, job.scheduled_time, job.execution_time) == (QUOTA, NOON, NOON)

    play(scene)


@pytest.mark.parametrize("is_finished_first", [True, False])
def test_a_job_that_could_never_make_a_pod_is_missed(is_finished_first: bool) -> None:
    async def scene(s: Scene) -> None:
        s.cluster.failures = [failure("FailedCreate", QUOTA)]
        await s.pass_over()
        s.cluster.failures = []  # Kubernetes forgets an Event after an hour
        if is_finished_first:
            s.cluster.seen_jobs = [kubernetes_job(finished=True)]
            await s.pass_over()
        s.cluster.seen_jobs = []
        await s.pass_over()
        assert await s.told() == ("missed", Reason.FAILED_CREATE, "policy")
        job = await s.job()
        assert job is not None
        assert (job.error_message, job.completed_at) != (QUOTA, None)

    play(scene)


def test_an_event_of_another_namespace_or_of_an_older_time_says_nothing() -> None:
    async def scene(s: Scene) -> None:
        newer = NOON + timedelta(seconds=9)
        s.cluster.failures = [
            failure("FailedCreate", "the newest", last_time=newer),
            failure("FailedCreate", "older"),
            failure("FailedCreate", "forged", namespace="elsewhere", last_time=newer + GRACE),
        ]
        await s.pass_over()
        job = await s.job()
        assert job is not None
        assert job.error_message == "the newest"

    play(scene)


def test_a_job_without_pod_and_without_event_is_pending_after_a_while() -> None:
    async def scene(s: Scene) -> None:
        await s.pass_over(PATIENCE)
        assert await s.told() == ("pending", None, None)
        s.cluster.seen_jobs = []
        await s.pass_over()
        assert await s.told() == ("missed", Reason.CONTROLLER_DOWN, "cluster")

    play(scene)


def test_a_pod_that_starts_in_time_costs_no_write() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [waiting_pod(reason="ContainerCreating")]
        await s.pass_over()
        s.cluster.seen_pods = [task_pod()]
        await s.pass_over(PATIENCE)
        assert s.store.unstarted == []

    play(scene)


def test_each_new_try_of_the_kubelet_is_no_write() -> None:
    async def scene(s: Scene) -> None:
        for reason in ("ErrImagePull", "ImagePullBackOff", "ErrImagePull"):
            s.cluster.seen_pods = [waiting_pod(reason=reason, message="not found")]
            await s.pass_over(PATIENCE)
        assert len(s.store.unstarted) == 1
        assert await s.told() == ("pending", Reason.IMAGE_PULL_FAILED, "task")

    play(scene)


@pytest.mark.parametrize(
    ("reason", "expected", "cause"),
    [
        ("ImagePullBackOff", Reason.IMAGE_PULL_FAILED, "task"),
        ("CreateContainerConfigError", Reason.CREATE_CONTAINER_ERROR, "task"),
        ("Unschedulable", Reason.UNSCHEDULABLE, "cluster"),
        ("ContainerCreating", Reason.POD_DELETED, "unknown"),
    ],
)
def test_a_pod_that_is_deleted_while_it_waits_never_ran(
    reason: str, expected: Reason, cause: str
) -> None:
    async def scene(s: Scene) -> None:
        pod = waiting_pod(reason=reason, message='secret "key" not found')
        s.cluster.seen_pods = [pod]
        await s.pass_over()
        s.cluster.seen_pods, s.cluster.gone = [], [replace(pod, deleted=True)]
        await s.pass_over()
        s.cluster.seen_jobs = [FAILED_JOB]
        await s.pass_over()
        assert await s.told() == ("missed", expected, cause)
        job = await s.job()
        assert job is not None
        assert job.error_message is not None
        assert "was deleted before it started" in job.error_message
        writes = len(s.store.unstarted)
        await s.pass_over(GRACE)
        assert len(s.store.unstarted) == writes
        assert s.cluster.gone == []

    play(scene)


def test_a_pod_that_waits_for_a_volume_is_told_by_its_event() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [waiting_pod(reason="ContainerCreating")]
        s.cluster.failures = [failure("FailedMount", 'secret "key" not found', uid="uid-a")]
        await s.pass_over()
        assert await s.told() == ("pending", Reason.FAILED_MOUNT, "task")

    play(scene)


def test_a_pod_that_its_node_refused_never_ran() -> None:
    async def scene(s: Scene) -> None:
        pod = ended_pod(exit_code=None, started=False, start_time=None, reason="OutOfcpu")
        s.cluster.seen_pods, s.cluster.seen_jobs = [pod], [FAILED_JOB]
        await s.pass_over()
        assert await s.told() == ("missed", Reason.CONTAINER_FAILED, "cluster")

    play(scene)


def test_a_server_that_starts_late_still_knows_what_a_deleted_pod_waited_for() -> None:
    """The kubelet overwrites the reason when the pod ends; the record has it."""

    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [waiting_pod(message="not found")]
        await s.pass_over()
        s.restart()
        reason = "ContainerStatusUnknown"
        pod = ended_pod(started=False, exit_code=137, reason=reason, deletion_time=NOON)
        s.cluster.seen_pods, s.cluster.seen_jobs = [pod], [FAILED_JOB]
        await s.pass_over()
        assert await s.told() == ("missed", Reason.IMAGE_PULL_FAILED, "task")

    play(scene)


def test_the_next_pod_of_the_job_may_still_run() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [waiting_pod(uid="uid-0", name="pod-0")]
        await s.pass_over()
        s.cluster.gone = [waiting_pod(uid="uid-0", name="pod-0", deleted=True)]
        s.cluster.seen_pods = []
        await s.pass_over()
        assert (await s.told())[0] == "pending"
        assert await s.store.claim(begun())
        s.cluster.seen_pods = [task_pod()]
        await s.pass_over()
        await s.store.record(completed(begun()))
        s.cluster.seen_pods, s.cluster.seen_jobs = [], []
        await s.pass_over(GRACE)
        job = await s.job()
        assert job is not None
        assert (job.status, len(job.attempts)) == (Status.COMPLETED, 1)

    play(scene)


def test_a_retry_that_never_starts_leaves_the_first_attempts_end() -> None:
    async def scene(s: Scene) -> None:
        await s.store.record(failed(begun(retry_count=1)))
        s.cluster.seen_pods = [waiting_pod(uid="uid-b", name="pod-b")]
        await s.pass_over(PATIENCE)
        s.cluster.seen_pods, s.cluster.seen_jobs = [], [FAILED_JOB]
        s.cluster.gone = [waiting_pod(uid="uid-b", name="pod-b", deleted=True)]
        await s.pass_over(GRACE)
        job = await s.job()
        assert job is not None
        assert (job.status, job.reason, len(job.attempts)) == ("failed", "TaskRaised", 1)

    play(scene)


def test_a_job_whose_pods_nobody_saw_is_not_guessed() -> None:
    async def scene(s: Scene) -> None:
        for job in (FAILED_JOB, kubernetes_job(finished=True, completed=True)):
            s.cluster.seen_jobs = [job]
            s.restart()
            await s.pass_over(GRACE)
        assert s.store.unstarted == []

    play(scene)


def test_what_an_earlier_server_recorded_gets_its_end_after_a_restart() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [waiting_pod(message="not found")]
        await s.pass_over()
        s.restart()
        s.cluster.seen_pods, s.cluster.seen_jobs = [], []
        await s.pass_over()
        # Another server may have recorded it, and our watch may lag behind.
        assert (await s.told())[0] == "pending"
        await s.pass_over(GRACE)
        assert await s.told() == ("missed", Reason.IMAGE_PULL_FAILED, "task")

    play(scene)


def test_what_an_earlier_server_recorded_goes_on_while_its_job_exists() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [waiting_pod(message="not found")]
        await s.pass_over()
        s.restart()
        await s.pass_over(GRACE)
        assert (await s.told())[0] == "pending"
        assert len(s.store.unstarted) == 1

    play(scene)


def test_a_job_of_dev_is_left_alone() -> None:
    async def scene(s: Scene) -> None:
        await s.store.record_unstarted(waiting(namespace=LOCAL_NAMESPACE))
        s.cluster.seen_jobs = []
        await s.pass_over(GRACE)
        await s.pass_over(GRACE)
        assert (await s.told())[0] == "pending"

    play(scene)


def test_what_a_pod_waited_for_is_known_also_when_the_history_was_away() -> None:
    async def scene(s: Scene) -> None:
        s.store.away = True
        s.cluster.seen_pods = [waiting_pod(message="not found")]
        with pytest.raises(HistoryUnavailable):
            await s.pass_over()
        s.cluster.seen_pods, s.cluster.seen_jobs = [], []
        s.cluster.gone = [waiting_pod(message="not found", deleted=True)]
        with pytest.raises(HistoryUnavailable):
            await s.pass_over()
        s.store.away = False
        await s.pass_over()
        assert await s.told() == ("missed", Reason.IMAGE_PULL_FAILED, "task")

    play(scene)


def test_a_job_started_by_hand_has_no_due_instant_and_is_told_too() -> None:
    async def scene(s: Scene) -> None:
        identity = replace(JOB, id="o.ScheduledJob.by-hand", name="by-hand", scheduled_time=None)
        s.cluster.seen_jobs = [kubernetes_job(name="by-hand", identity=identity)]
        s.cluster.failures = [failure("FailedCreate", QUOTA)]
        await s.pass_over()
        job = await s.job()
        assert job is not None
        created: datetime | None = NOON
        assert (job.id, job.scheduled_time, job.execution_time) == (identity.id, None, created)

    play(scene)
