"""Instants of CronJobs for which nothing ran: which are recorded, why, and when."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.records.instants import InstantRange
from jvscheduler.names import scheduled_job_name
from jvscheduler.outcomes import Reason, Status
from jvscheduler_server.cluster.objects import KubernetesJob, TaskState
from jvscheduler_server.repair.due_instants.apply import MOST_INSTANTS
from tests.support.history.outcomes import begun, of_job
from tests.support.history.stories import revision, stretch
from tests.support.server.cron_jobs import TASK_ID, TASK_NAME, cron_job, minutes
from tests.support.server.due_instants import Scene, Server
from tests.support.server.task_pods import JOB, ended_pod
from tests.support.server.unstarted_scene import failure

MISSED = "missed", Reason.CONTROLLER_DOWN, 1
SUSPENDED = "skipped", Reason.SUSPENDED


def test_an_instant_whose_job_ran_gets_no_other_record() -> None:
    s = Scene()
    s.ran(5)
    s.pass_twice(20)
    assert s.summaries()[0] == (5, "completed", None, 1)


def test_earlier_instants_are_missed_once_a_later_one_is_due_too() -> None:
    s = Scene()
    s.pass_twice(10.6)
    assert s.summaries() == []
    s.pass_twice(11.1)
    assert s.summaries() == [(5, *MISSED)]
    s.pass_twice(21.1)
    assert s.summaries() == [(5, *MISSED), (10, *MISSED), (15, *MISSED)]
    assert s.findings(15) == {}


def test_the_last_instant_is_missed_when_last_schedule_time_has_passed_it() -> None:
    s = Scene(cron_job(last_schedule_time=minutes(6)))
    s.pass_twice(6.1)
    assert s.summaries() == [(5, *MISSED)]


def test_a_revision_that_cannot_be_read_is_named_and_stops_no_repair(
    caplog: pytest.LogCaptureFixture,
) -> None:
    s = Scene(
        cron_job(last_schedule_time=minutes(6)),
        cron_job(task_id="shop.tasks.report", name="shop-tasks-report"),
    )
    broken = revision(7, schedule="at high noon", backend="CronJob")
    asyncio.run(s.store.add_revisions([broken]))
    s.pass_twice(11.1)
    assert s.summaries() == [(5, *MISSED)]
    s.pass_twice(12.1)
    report = InstantRange("shop", "shop.tasks.report", minutes(0), minutes(20))
    assert [j.reason for j in asyncio.run(s.store.jobs_between(report))] == [Reason.CONTROLLER_DOWN]
    assert s.summaries() == [(5, *MISSED)]
    assert caplog.text.count("'at high noon'") == 1


def test_a_deadline_beyond_all_times_is_none() -> None:
    s = Scene(cron_job(starting_deadline_seconds=2**62))
    s.pass_twice(11.1)
    assert s.summaries() == [(5, *MISSED)]


def test_the_last_instant_is_missed_when_its_deadline_is_over() -> None:
    s = Scene(cron_job(starting_deadline_seconds=30))
    s.pass_twice(5.9)
    assert s.summaries() == []
    s.pass_twice(6.6)
    assert s.summaries() == [(5, "missed", Reason.DEADLINE_MISSED, 1)]


@pytest.mark.parametrize("deadline", [None, 30])
def test_a_job_that_kubernetes_refused_is_missed_with_its_message(deadline: int | None) -> None:
    s = Scene(cron_job(uid="uid-c", starting_deadline_seconds=deadline))
    s.ran(5)
    quota = 'Error creating job: jobs.batch "restock-1" is forbidden: exceeded quota: few'
    refused = failure("FailedCreate", quota, "uid-c")
    s.cluster.failures = [
        replace(refused, first_time=minutes(10), last_time=minutes(14)),
        replace(refused, first_time=minutes(2), last_time=minutes(4), message="an earlier one"),
        replace(refused, first_time=minutes(11), last_time=minutes(30), namespace="elsewhere"),
    ]
    s.pass_twice(21.1)
    assert s.summaries()[1] == (10, "missed", Reason.FAILED_CREATE, 1)
    assert s.records()[1].error_message == quota
    assert s.summaries()[2][2] != Reason.FAILED_CREATE


def test_an_instant_that_seems_lost_is_looked_at_twice() -> None:
    s = Scene()
    s.look(11.1)
    assert s.summaries() == []
    s.look(11.2)
    assert s.summaries() == []
    s.look(11.6)
    assert s.summaries() == [(5, *MISSED)]


@pytest.mark.parametrize("finished", [False, True])
def test_an_instant_is_left_while_its_job_exists(finished: bool) -> None:
    s = Scene()
    name = scheduled_job_name(TASK_NAME, minutes(5))
    s.cluster.seen_jobs = [KubernetesJob(name, "shop", finished, TASK_NAME)]
    s.pass_twice(30)
    assert [number for number, *_ in s.summaries()] == [10, 15, 20]
    s.cluster.seen_jobs = []
    s.pass_twice(32)
    assert s.summaries()[0] == (5, *MISSED)


def test_an_instant_is_left_while_a_deleted_pod_is_not_recorded() -> None:
    s = Scene()
    job = replace(JOB, scheduled_time=minutes(5))
    s.cluster.gone = [ended_pod(job=job, deleted=True)]
    s.pass_twice(12)
    assert s.summaries() == []


@pytest.mark.parametrize("kind", ["pod", "Job"])
def test_an_instant_is_left_while_what_it_started_is_not_known_to_be_its_tasks(kind: str) -> None:
    s = Scene()
    if kind == "pod":
        s.cluster.seen_open_pods = [ended_pod(job=replace(JOB, scheduled_time=minutes(5)))]
    else:
        name = scheduled_job_name(TASK_NAME, minutes(5))
        s.cluster.seen_open_jobs = [KubernetesJob(name, "shop", False, TASK_NAME)]
    s.pass_twice(12)
    assert s.summaries() == []


def test_instants_while_suspended_are_one_record_for_each_pass() -> None:
    s = Scene(cron_job(suspended=True))
    s.pass_twice(17)
    assert s.summaries() == [(5, *SUSPENDED, 3)]
    s.cluster.seen_cron_jobs = [cron_job(changed_time=minutes(27), last_schedule_time=minutes(27))]
    s.pass_twice(28)
    s.ran(30)
    assert s.summaries() == [(5, *SUSPENDED, 3), (20, *SUSPENDED, 2), (30, "completed", None, 1)]
    assert s.findings(30) == {}


def test_a_suspension_covers_its_own_instants_however_late_its_end_is_seen() -> None:
    """It lasted from :07 to :17; its end was seen late, when `lastScheduleTime` had passed it."""
    s = Scene()
    s.cluster.seen_cron_jobs = [cron_job(suspended=True, changed_time=minutes(7))]
    s.look(8)
    s.ran(5)
    s.cluster.seen_cron_jobs = [cron_job(changed_time=minutes(17), last_schedule_time=minutes(20))]
    s.pass_twice(24)
    assert s.summaries() == [(5, "completed", None, 1), (10, *SUSPENDED, 2), (20, *MISSED)]
    assert s.findings(20) == {}


def test_a_cron_job_that_forbids_another_job_skips() -> None:
    s = Scene(cron_job(forbids_concurrency=True))
    s.ran(5, completion_time=minutes(12))
    s.ran(15)
    s.pass_twice(17)
    assert s.summaries() == [
        (5, "completed", None, 1),
        (10, "skipped", Reason.CONCURRENCY_LIMIT, 1),
        (15, "completed", None, 1),
    ]


def test_instants_are_skipped_while_a_job_still_runs() -> None:
    s = Scene(cron_job(forbids_concurrency=True))
    name = scheduled_job_name(TASK_NAME, minutes(5))
    s.cluster.seen_jobs = [KubernetesJob(name, "shop", False, TASK_NAME)]
    s.pass_twice(17)
    assert s.summaries() == [(10, "skipped", Reason.CONCURRENCY_LIMIT, 1)]


def test_a_task_without_its_cron_job_misses_its_instants() -> None:
    s = Scene()
    s.cluster.seen_tasks = [TaskState(TASK_ID, TASK_NAME, "shop", "*/5 * * * *")]
    s.cluster.seen_cron_jobs = []
    s.pass_twice(6.5)
    assert s.summaries() == [(5, *MISSED)]
    assert "no CronJob" in (s.records()[0].error_message or "")


def test_nothing_is_due_once_a_task_is_removed() -> None:
    s = Scene()
    s.cluster.seen_cron_jobs = []
    s.look(7)
    s.pass_twice(30)
    assert s.summaries() == [(5, *MISSED)]
    assert s.findings(30) == {}


def test_an_edit_makes_nothing_due_in_the_past() -> None:
    s = Scene(cron_job(schedule="0 * * * *"))
    s.cluster.seen_cron_jobs = [
        cron_job(schedule="*/5 * * * *", changed_time=minutes(17), last_schedule_time=minutes(17))
    ]
    s.pass_twice(28)
    assert s.summaries() == [(20, *MISSED)]


def test_instants_that_a_loop_serves_are_left_to_the_loop() -> None:
    s = Scene()
    (last,) = asyncio.run(s.store.revisions("shop"))
    of_loop = last.model_copy(update={"backend": "Loop", "id": "o.x", "since": minutes(12)})
    asyncio.run(s.store.add_revisions([of_loop]))
    s.cluster.seen_tasks = [TaskState(TASK_ID, TASK_NAME, "shop", "", backend="Loop")]
    s.pass_twice(40)
    assert s.summaries() == [(5, *MISSED), (10, *MISSED)]


def test_two_servers_write_the_same_records() -> None:
    s = Scene(cron_job(suspended=True))
    other = Server(s.store, s.cluster)
    for at in (20, 20.5, 21, 26, 26.5):
        s.look(at)
        asyncio.run(other.look(minutes(at + 0.1)))
    assert s.summaries() == [(5, *SUSPENDED, 3), (20, *SUSPENDED, 1), (25, *SUSPENDED, 1)]
    assert s.findings(25) == {}


def test_a_server_that_was_away_records_what_it_missed() -> None:
    s = Scene()
    s.ran(5)
    s.ran(20)
    asyncio.run(s.store.record_stretches([stretch(30, 40, 3)]))
    s.restart()
    s.pass_twice(51.1)
    numbers = [number for number, *_ in s.summaries()]
    assert numbers == [5, 10, 15, 20, 25, 30, 45]
    assert s.findings(45) == {}


def test_a_long_absence_is_recorded_in_parts() -> None:
    s = Scene(cron_job(suspended=True, schedule="* * * * *"))
    days = 2 * 24 * 60
    for number in range(3 * days // MOST_INSTANTS + 3):
        s.look(days + number / 2)
    assert s.summaries()[0] == (1, *SUSPENDED, MOST_INSTANTS)
    assert sum(instants for *_, instants in s.summaries()) >= days - 1
    assert s.findings(days - 1) == {}


def test_a_history_that_is_away_only_delays_a_record() -> None:
    s = Scene()
    answer = s.store.jobs_between

    async def away(*_: Any) -> Any:
        raise HistoryUnavailable("away")

    s.store.jobs_between = away  # type: ignore[method-assign, assignment]
    with pytest.raises(HistoryUnavailable):
        s.look(11.1)
    s.store.jobs_between = answer  # type: ignore[method-assign]
    s.pass_twice(12)
    assert s.summaries() == [(5, *MISSED)]


def test_a_running_job_is_its_instants_record() -> None:
    s = Scene()
    asyncio.run(s.store.claim(of_job(5)))
    asyncio.run(s.store.claim(begun()))
    s.pass_twice(11.1)
    assert [(number, status) for number, status, *_ in s.summaries()] == [
        (0, Status.RUNNING),
        (5, Status.RUNNING),
    ]
