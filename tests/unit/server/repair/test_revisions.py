"""Which definition a CronJob carries, since when, and when its revision is written."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler_server.cluster.objects import TaskState
from jvscheduler_server.kubernetes.jobs import keep_earlier, to_task_cron_job
from jvscheduler_server.repair.revisions.apply import CronJobRevisions
from jvscheduler_server.repair.revisions.decide import (
    removal_of,
    revision_of_cron_job,
    revisions_of_cron_job,
)
from tests.support.history.outcomes import NOON
from tests.support.history.stories import stretch
from tests.support.server.cron_jobs import (
    KEY,
    TASK_ID,
    TASK_NAME,
    cron_job,
    kubernetes_cron_job,
    minutes,
)
from tests.support.server.in_memory import FakeCluster, FlakyHistory

MICROSECOND = timedelta(microseconds=1)
EDITED = cron_job(schedule="0 * * * *", changed_time=minutes(7))


def test_a_cron_job_is_what_its_object_says() -> None:
    assert to_task_cron_job(kubernetes_cron_job()) == cron_job(
        changed_time=minutes(7) + timedelta(seconds=9),
        uid="uid-c",
        forbids_concurrency=True,
        max_concurrency=3,
        last_schedule_time=minutes(35),
    )


def test_every_field_that_decides_is_read() -> None:
    spec = {"timeZone": "Asia/Tokyo", "suspend": True, "startingDeadlineSeconds": 30}
    cron = to_task_cron_job(kubernetes_cron_job({**spec, "concurrencyPolicy": "Allow"}))
    assert cron is not None
    assert (cron.time_zone, cron.suspended, cron.starting_deadline_seconds) == (
        "Asia/Tokyo",
        True,
        30,
    )
    assert not cron.forbids_concurrency


def test_without_managed_fields_it_is_as_it_was_created() -> None:
    cron = to_task_cron_job(kubernetes_cron_job(managedFields=[]))
    assert cron is not None
    assert cron.changed_time == NOON


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(
            kubernetes_cron_job({"jobTemplate": {"spec": {"template": {"spec": {}}}}}),
            id="of no task",
        ),
        pytest.param(
            kubernetes_cron_job(deletionTimestamp="2026-03-02T12:09:00Z"), id="being deleted"
        ),
    ],
)
def test_a_cron_job_that_makes_no_jobs_of_a_task_is_left_out(given: dict[str, Any]) -> None:
    assert to_task_cron_job(given) is None


def test_a_schedule_that_is_not_the_operators_is_an_error() -> None:
    with pytest.raises(ValueError, match="schedule"):
        to_task_cron_job(kubernetes_cron_job({"schedule": "@reboot"}))


def made(given: Any = None, last: ScheduleRevision | None = None, at: float = 10) -> Any:
    return revision_of_cron_job(given or cron_job(), last, minutes(at))


def test_a_new_one_is_in_force_since_its_creation() -> None:
    first = made()
    assert (first.since, first.schedule, first.backend) == (NOON, "*/5 * * * *", "CronJob")


def test_an_old_one_without_a_revision_is_in_force_since_now() -> None:
    assert made(at=61).since == minutes(61)


def test_an_edit_is_in_force_since_it_was_made_however_late_it_is_seen() -> None:
    assert made(EDITED, made(), at=500).since == minutes(7)


def test_a_change_that_decides_nothing_is_no_revision() -> None:
    assert made(cron_job(changed_time=minutes(8)), made()) is None


def test_two_edits_within_one_second_are_two_revisions() -> None:
    edited = made(EDITED, made())
    again = made(replace(EDITED, suspended=True), edited)
    assert (again.since, again.suspended) == (minutes(7) + MICROSECOND, True)


def test_a_definition_that_was_in_force_between_two_looks_is_not_forgotten() -> None:
    """At noon the first one is written; the second and third are edits before the next look."""
    first = cron_job()
    status = keep_earlier(first, cron_job(last_schedule_time=minutes(5)))
    second = keep_earlier(status, EDITED)
    third = keep_earlier(second, replace(EDITED, changed_time=minutes(8), suspended=True))
    written = revisions_of_cron_job(third, made(), minutes(9))
    assert [(r.since, r.schedule, r.suspended) for r in written] == [
        (minutes(7), "0 * * * *", False),
        (minutes(8), "0 * * * *", True),
    ]
    assert revisions_of_cron_job(third, written[-1], minutes(10)) == []


def test_only_the_latest_earlier_definitions_are_kept() -> None:
    current = cron_job()
    for minute in range(60):
        current = keep_earlier(current, cron_job(schedule=f"{minute} 0 * * *"))
    assert [earlier.schedule for earlier in current.earlier] == [
        f"{minute} 0 * * *" for minute in range(39, 59)
    ]


@pytest.mark.parametrize("changes", [{"removed": True}, {"backend": "Loop"}])
def test_one_that_is_back_is_in_force_since_its_new_creation(changes: dict[str, Any]) -> None:
    before = made().model_copy(update=changes)
    back = cron_job(created_time=minutes(20), changed_time=minutes(25))
    assert made(back, before, at=90).since == minutes(20)


def test_one_that_was_kept_while_a_loop_served_its_task_is_in_force_since_its_resumption() -> None:
    """The task came back before its CronJob was deleted. Until then the loop served it."""
    by_loop = made().model_copy(update={"backend": "Loop", "since": minutes(20)})
    assert made(cron_job(changed_time=minutes(25)), by_loop, at=90).since == minutes(25)


def test_a_removal_repeats_the_definition_and_marks_it_removed() -> None:
    removal = removal_of(made(), minutes(30))
    assert removal is not None
    assert (removal.since, removal.removed, removal.schedule) == (minutes(30), True, "*/5 * * * *")
    assert removal_of(removal, minutes(31)) is None
    assert removal_of(made().model_copy(update={"backend": "Loop"}), minutes(31)) is None
    assert removal_of(None, minutes(31)) is None


class Scene:
    def __init__(self) -> None:
        self.store = FlakyHistory()
        self.cluster = FakeCluster()
        self.restart()

    def restart(self) -> None:
        self.revisions = CronJobRevisions(self.store, self.cluster)

    def write(self, at: float, *cron_jobs: Any) -> list[tuple[str, str]]:
        self.cluster.seen_cron_jobs = list(cron_jobs)
        return list(asyncio.run(self.revisions.write(minutes(at))))

    def written(self) -> list[tuple[Any, str, bool]]:
        revisions = asyncio.run(self.store.revisions("shop", [TASK_ID]))
        return [(r.since, r.schedule, r.removed) for r in revisions]

    def has_task(self, backend: str | None = None) -> None:
        task = TaskState(TASK_ID, TASK_NAME, "shop", "*/5 * * * *", backend=backend)
        self.cluster.seen_tasks = [task]


def test_each_edit_is_written_once() -> None:
    s = Scene()
    assert s.write(1, cron_job()) == [KEY]
    assert s.write(2, cron_job(last_schedule_time=minutes(2))) == []
    assert s.write(8, EDITED) == [KEY]
    s.restart()
    assert s.write(9, EDITED) == [KEY]
    assert s.written() == [(NOON, "*/5 * * * *", False), (minutes(7), "0 * * * *", False)]


@pytest.mark.parametrize("names", [(TASK_NAME, "second"), ("second", TASK_NAME)])
def test_the_cron_job_of_a_task_whose_id_an_older_one_has_does_not_count(
    names: tuple[str, str],
) -> None:
    s = Scene()
    younger = TaskState(TASK_ID, "second", "shop", "hourly", is_conflicting=True)
    s.has_task()
    s.cluster.seen_tasks.append(younger)
    other = cron_job(name="second", schedule="0 * * * *", suspended=True)
    both = {TASK_NAME: cron_job(), "second": other}
    s.write(1, *(both[name] for name in names))
    assert s.written() == [(NOON, "*/5 * * * *", False)]


def test_a_second_edit_within_the_same_second_is_written() -> None:
    s = Scene()
    s.write(1, cron_job())
    s.write(8, EDITED)
    assert s.write(8.01, replace(EDITED, schedule="30 * * * *")) == [KEY]
    assert s.written()[-1] == (minutes(7) + MICROSECOND, "30 * * * *", False)


def test_a_removed_task_ends_when_its_removal_is_seen() -> None:
    s = Scene()
    s.write(1, cron_job())
    assert s.write(9) == [KEY]
    assert s.write(10) == []
    assert s.written()[-1] == (minutes(9), "*/5 * * * *", True)


def test_one_that_was_removed_while_no_server_ran_ends_with_its_last_record() -> None:
    s = Scene()
    s.write(1, cron_job())
    asyncio.run(s.store.record_stretches([stretch(15)]))
    s.restart()
    s.write(100)
    assert s.written()[-1] == (minutes(15), "*/5 * * * *", True)


def test_a_task_without_its_cron_job_goes_on() -> None:
    s = Scene()
    s.has_task()
    s.write(1, cron_job())
    s.write(9)
    back = cron_job(created_time=minutes(10), changed_time=minutes(10))
    s.write(10, back)
    assert s.written() == [(NOON, "*/5 * * * *", False)]


def test_revisions_of_a_loop_are_left_to_the_loop() -> None:
    s = Scene()
    s.write(1, cron_job())
    s.has_task("Loop")
    (last,) = asyncio.run(s.store.revisions("shop", [TASK_ID]))
    of_loop = last.model_copy(update={"backend": "Loop", "id": "o.x", "since": minutes(5)})
    asyncio.run(s.store.add_revisions([of_loop]))
    assert s.write(6, EDITED) == []
    s.restart()
    assert s.write(7, EDITED) == []
    s.has_task("CronJob")
    back = cron_job(created_time=minutes(20), changed_time=minutes(20))
    s.write(21, back)
    assert [since for since, _, _ in s.written()] == [NOON, minutes(5), minutes(20)]


@pytest.mark.parametrize(("ran", "since"), [(20 + 1 / 60, 20 + 1 / 60), (19, 20), (21, 20)])
def test_an_instant_that_a_loop_still_ran_when_a_cron_job_took_over_is_the_loops(
    ran: float, since: float
) -> None:
    """A later instant is the CronJob's."""
    s = Scene()
    of_loop = made().model_copy(update={"backend": "Loop", "id": "o.x", "since": minutes(5)})
    asyncio.run(s.store.add_revisions([of_loop]))
    asyncio.run(s.store.record_stretches([stretch(ran)]))
    s.has_task("CronJob")
    s.write(22, cron_job(created_time=minutes(20), changed_time=minutes(20)))
    assert s.written()[-1] == (minutes(since), "*/5 * * * *", False)
