"""The sweeper while the history is away, pods are deleted and errors occur."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.cluster.objects import KubernetesJob
from jvscheduler_server.repair import sweeper
from jvscheduler_server.repair.sweeper import PERIOD
from tests.support.history.outcomes import begun, completed, failed, of_job
from tests.support.server.sweeps import Scene, play
from tests.support.server.task_pods import JOB, ended_pod, last_attempt, task_pod


def test_a_pod_that_died_is_recorded_once() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [ended_pod(reason="OOMKilled")]
        await s.sweeper.sweep()
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.FAILED, Reason.OOM_KILLED)
        assert len(s.store.recorded) == 1

    play(scene)


def test_nothing_is_decided_before_the_cluster_is_synced() -> None:
    async def scene(s: Scene) -> None:
        await s.store.claim(begun())
        s.cluster.synced = False
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.RUNNING, None)

    play(scene)


def test_an_outcome_is_kept_until_the_history_is_back_also_when_its_pod_is_gone() -> None:
    async def scene(s: Scene) -> None:
        s.store.away = True
        s.cluster.seen_pods = [last_attempt(completed(begun()))]
        with pytest.raises(HistoryUnavailable):
            await s.sweeper.sweep()
        s.cluster.gone, s.cluster.seen_pods = s.cluster.seen_pods, []
        with pytest.raises(HistoryUnavailable):
            await s.sweeper.sweep()
        s.store.away = False
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.COMPLETED, None)
        assert s.cluster.gone == []

    play(scene)


def test_a_server_that_starts_again_repairs_from_the_pods_that_exist() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [last_attempt(failed(begun()))]
        await s.sweeper.sweep()
        await s.new_sweeper().sweep()
        assert len(s.store.recorded) == 2
        assert await s.status(begun()) == (Status.FAILED, Reason.TASK_RAISED)

    play(scene)


def test_a_deleted_pod_whose_outcome_is_recorded_is_forgotten() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.gone = [last_attempt(completed(begun(recorded=True)))]
        await s.sweeper.sweep()
        assert (s.cluster.gone, s.store.recorded) == ([], [])

    play(scene)


@pytest.mark.parametrize("deleted", [False, True])
def test_the_history_is_asked_about_a_pod_that_left_no_outcome(deleted: bool) -> None:
    async def scene(s: Scene) -> None:
        await s.sweeper.sweep()
        await s.store.claim(begun())
        quiet = ended_pod(phase="Succeeded", exit_code=0, reason="Completed", deleted=deleted)
        s.cluster.gone, s.cluster.seen_pods = ([quiet], []) if deleted else ([], [quiet])
        s.store.away = True
        with pytest.raises(HistoryUnavailable):
            await s.sweeper.sweep()
        s.store.away = False
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.FAILED, Reason.CONTAINER_FAILED)
        assert s.cluster.gone == []
        s.store.away = True
        await s.sweeper.sweep()

    play(scene)


def test_an_attempt_whose_pod_vanished_while_no_server_ran_lost_its_runner() -> None:
    async def scene(s: Scene) -> None:
        await s.store.claim(begun())
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.FAILED, Reason.RUNNER_LOST)

    play(scene)


def test_an_attempt_whose_pod_is_there_is_not_lost_while_its_job_is_not_known() -> None:
    async def scene(s: Scene) -> None:
        await s.store.claim(begun())
        s.cluster.seen_open_pods = [task_pod()]
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.RUNNING, None)
        s.clock.now += timedelta(minutes=1)
        s.cluster.seen_open_pods = [ended_pod(reported=completed(begun()))]
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.RUNNING, None)
        s.cluster.seen_pods, s.cluster.seen_open_pods = s.cluster.seen_open_pods, []
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.COMPLETED, None)

    play(scene)


@pytest.mark.parametrize("standing", ["own", "open"])
def test_a_pod_with_the_name_of_anothers_attempt_does_not_end_it(standing: str) -> None:
    async def scene(s: Scene) -> None:
        claim = begun(loop="jvscheduler-loop-1", start_time=s.clock.now)
        await s.store.claim(claim)
        pod = ended_pod(job=replace(JOB, id="o.ScheduledJob.another"))
        if standing == "own":
            s.cluster.seen_pods = [pod]
        else:
            s.cluster.seen_open_pods = [pod]
        await s.sweeper.sweep()
        assert await s.status(claim) == (Status.RUNNING, None)
        s.clock.now += timedelta(minutes=2)
        await s.sweeper.sweep()
        assert await s.status(claim) == (Status.FAILED, Reason.RUNNER_LOST)

    play(scene)


def test_a_loops_job_is_not_lost_while_the_history_is_away() -> None:
    async def scene(s: Scene) -> None:
        claim = begun(loop="jvscheduler-loop-1", start_time=s.clock.now)
        await s.store.claim(claim)
        await s.sweeper.sweep()
        s.store.away = True
        s.clock.now += timedelta(minutes=5)
        with pytest.raises(HistoryUnavailable):
            await s.sweeper.sweep()
        s.store.away = False
        await s.sweeper.sweep()
        assert await s.status(claim) == (Status.RUNNING, None)
        s.clock.now += timedelta(minutes=1)
        await s.sweeper.sweep()
        assert await s.status(claim) == (Status.FAILED, Reason.RUNNER_LOST)
        await s.store.record(completed(claim))
        assert await s.status(claim) == (Status.COMPLETED, None)

    play(scene)


def test_a_job_ends_when_its_kubernetes_job_was_deleted_between_two_attempts() -> None:
    async def scene(s: Scene) -> None:
        await s.store.record(failed(begun(retry_count=1)))
        s.cluster.seen_jobs = [KubernetesJob(begun().job_name, "shop", finished=False)]
        await s.sweeper.sweep()
        assert (await s.status(begun()))[0] is Status.PENDING
        s.cluster.seen_jobs = []
        s.clock.now += PERIOD
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.FAILED, Reason.TASK_RAISED)

    play(scene)


def test_unfinished_jobs_are_compared_only_every_half_minute() -> None:
    async def scene(s: Scene) -> None:
        await s.sweeper.sweep()
        await s.store.claim(begun())
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.RUNNING, None)
        s.clock.now += PERIOD
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.FAILED, Reason.RUNNER_LOST)

    play(scene)


def test_a_pod_that_is_deleted_between_the_two_reads_keeps_its_true_reason() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_pods = [task_pod()]
        await s.store.claim(begun())
        answer = s.store.unfinished

        async def unfinished() -> object:
            s.cluster.seen_pods, s.cluster.gone = [], [task_pod(deleted=True)]
            return await answer()

        s.store.unfinished = unfinished  # type: ignore[method-assign, assignment]
        await s.sweeper.sweep()
        assert await s.status(begun()) == (Status.FAILED, Reason.POD_DELETED)

    play(scene)


def test_one_record_that_cannot_be_written_delays_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scene(s: Scene) -> None:
        poison, good = completed(of_job(1)), completed(of_job(2))
        s.cluster.seen_pods = [last_attempt(poison), last_attempt(good)]
        write = s.store.record

        async def record(outcome: Outcome) -> None:
            if outcome == poison:
                raise ValueError("this row is no job record")
            await write(outcome)

        s.store.record = record  # type: ignore[method-assign]
        await s.sweeper.sweep()
        assert await s.status(good) == (Status.COMPLETED, None)

    play(scene)
    assert "is set aside: ValueError" in caplog.text


def test_the_sweep_goes_on_after_the_history_was_away_and_after_a_fault(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sweeper, "PAUSE_SECONDS", 0.001)

    async def scene(s: Scene) -> None:
        s.store.away = True
        s.cluster.seen_pods = [last_attempt(completed(begun()))]
        faults = iter([RuntimeError("a fault"), None, None])
        pods = s.cluster.pods

        def failing_pods() -> object:
            fault = next(faults, None)
            if fault:
                raise fault
            return pods()

        s.cluster.pods = failing_pods  # type: ignore[method-assign, assignment]
        task = asyncio.create_task(s.sweeper.run())
        await s.store.refused.wait()
        s.store.away = False
        await s.store.written.wait()
        task.cancel()
        await asyncio.wait([task])

    with caplog.at_level(logging.INFO):
        play(scene)
    assert "a sweep failed" in caplog.text
    assert "records wait in memory" in caplog.text
    assert "recorded for the runner" in caplog.text


def test_pauses_grow_to_a_limit_and_start_anew_after_a_success() -> None:
    backoff = Backoff(first=1, longest=8)
    pauses = [backoff.next() for _ in range(6)]
    for pause, whole in zip(pauses, [1, 2, 4, 8, 8, 8], strict=True):
        assert whole / 2 <= pause <= whole
    assert len(set(pauses)) == 6
    backoff.reset()
    assert backoff.next() <= 1
