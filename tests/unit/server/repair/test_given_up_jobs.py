"""Jobs that the operator gave up: what the history says of them."""

from dataclasses import replace

import pytest

from jvscheduler.outcomes import Reason
from tests.support.history.outcomes import begun
from tests.support.server.task_pods import task_pod, waiting_pod
from tests.support.server.unstarted_scene import FAILED_JOB, kubernetes_job, play
from tests.support.server.unstarted_scene import UnstartedScene as Scene


@pytest.mark.parametrize(
    ("given_up", "kubernetes_reason", "told"),
    [
        (
            Reason.DEADLINE_MISSED,
            "ErrImagePull",
            ("missed", Reason.IMAGE_PULL_FAILED, "task", "before its deadline"),
        ),
        (
            Reason.DEADLINE_MISSED,
            "ContainerCreating",
            ("missed", Reason.DEADLINE_MISSED, "policy", "before its deadline"),
        ),
        (
            Reason.CONCURRENCY_LIMIT,
            "ErrImagePull",
            ("skipped", Reason.CONCURRENCY_LIMIT, "policy", "waited as may run at once"),
        ),
    ],
)
def test_a_job_that_the_operator_gave_up_says_why_and_what_it_waited_for(
    given_up: Reason, kubernetes_reason: str, told: tuple[str, Reason, str, str]
) -> None:
    async def scene(s: Scene) -> None:
        pod = waiting_pod(reason=kubernetes_reason, message="not found")
        s.cluster.seen_pods = [pod]
        await s.pass_over()
        s.cluster.seen_jobs = [kubernetes_job(given_up=given_up)]
        await s.pass_over()
        writes = len(s.store.unstarted)
        s.cluster.seen_pods, s.cluster.gone = [], [replace(pod, deleted=True)]
        await s.pass_over()
        assert len(s.store.unstarted) == writes
        s.cluster.seen_jobs = [replace(FAILED_JOB, given_up=given_up)]
        await s.pass_over()
        assert await s.told() == told[:3]
        job = await s.job()
        assert job is not None
        assert job.error_message is not None
        assert told[3] in job.error_message
        assert f"{kubernetes_reason}: not found" in job.error_message

    play(scene)


@pytest.mark.parametrize(
    ("given_up", "status"),
    [(Reason.DEADLINE_MISSED, "missed"), (Reason.CONCURRENCY_LIMIT, "skipped")],
)
def test_a_job_that_was_given_up_while_no_server_ran_is_recorded(
    given_up: Reason, status: str
) -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_jobs = [replace(FAILED_JOB, given_up=given_up)]
        await s.pass_over()
        assert await s.told() == (status, given_up, "policy")
        job = await s.job()
        assert "nobody saw what the pod" in str(job and job.error_message)

    play(scene)


def test_a_job_that_was_given_up_and_started_meanwhile_has_run() -> None:
    async def scene(s: Scene) -> None:
        await s.store.claim(begun())
        s.cluster.seen_pods = [task_pod()]
        s.cluster.seen_jobs = [kubernetes_job(given_up=Reason.DEADLINE_MISSED)]
        await s.pass_over()
        assert s.store.unstarted == []

    play(scene)
