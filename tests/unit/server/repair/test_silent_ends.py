"""The repair records a Job or a container that ended without a message."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.outcomes import Reason, Status
from jvscheduler_server.cluster.objects import KubernetesJob
from tests.support.history.outcomes import NOON, begun, completed, failed
from tests.support.server.sweeps import Scene, play
from tests.support.server.task_pods import JOB, ended_pod, waiting_pod


def test_a_job_whose_kubernetes_job_was_deleted_ends_with_the_next_pass() -> None:
    async def scene(s: Scene) -> None:
        waiting = failed(begun(retry_count=2))
        await s.store.record(waiting)
        s.cluster.seen_jobs = [KubernetesJob(waiting.job_name, "shop", finished=False)]
        await s.sweeper.sweep()
        assert (await s.status(begun()))[0] is Status.PENDING
        s.cluster.seen_jobs, s.cluster.abandoned = [], {("shop", waiting.job_name)}
        kept = SlotRequest("shop", waiting.task_id, 1, waiting.attempt_id, waiting.job_id)
        assert await s.store.acquire_slots([kept], s.clock.now) == [True]
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.FAILED, Reason.TASK_RAISED)
        other = replace(kept, holder="pod-of-the-next-job", job_id="next")
        assert await s.store.acquire_slots([other], s.clock.now) == [True]

    play(scene)


def test_a_container_that_ran_no_runner_is_recorded() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [ended_pod(phase="Succeeded", exit_code=0, reason="Completed")]
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.FAILED, Reason.RUNNER_NOT_FOUND)
        assert "ran no runner" in (s.store.recorded[0].error_message or "")
        await s.sweeper.sweep()
        assert len(s.store.recorded) == 1

    play(scene)


@pytest.mark.parametrize("instant", [NOON, None], ids=["by its schedule", "by hand"])
def test_a_job_that_was_recorded_as_waiting_is_told_to_have_run_no_runner(
    instant: datetime | None,
) -> None:
    async def scene(s: Scene) -> None:
        job = replace(JOB, scheduled_time=instant)
        s.clock.now = NOON + timedelta(minutes=1)
        s.cluster.seen_pods = [waiting_pod(job=job)]
        await s.sweeper.sweep()
        assert (await s.status(begun()))[0] is Status.PENDING
        s.cluster.seen_pods = [
            ended_pod(job=job, phase="Succeeded", exit_code=0, reason="Completed")
        ]
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.FAILED, Reason.RUNNER_NOT_FOUND)

    play(scene)


@pytest.mark.parametrize("days", [0, 2], ids=["recorded", "pruned"])
def test_a_runner_that_had_nothing_to_do_leaves_its_jobs_record_alone(days: int) -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [ended_pod(phase="Succeeded", exit_code=0, reason="Completed")]
        if not days:
            await s.store.record(completed(begun(attempt_id="pod-z")))
        s.clock.now += timedelta(days=days)
        recorded = len(s.store.recorded)
        await s.sweeper.sweep()
        assert len(s.store.recorded) == recorded

    play(scene)
